import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { Log } from '#shared/stream/log.ts';

/** Sequence of the last message that a reader will be given; 0 when there is none. */
export async function endOf(stream: Pick<Log, 'bounds' | 'at'>, log: Logger): Promise<number> {
  const { first, last } = await stream.bounds();
  if (first > 1) log.warn({ first }, 'the oldest records have aged out, the view begins later');
  for (let sequence = last; sequence >= first; sequence -= 1) {
    // Whatever is not ours is passed over in reading, so it cannot mark the end.
    if ((await stream.at(sequence)) !== undefined) return sequence;
  }
  return 0;
}

const sayEachMs = 2_000;

/** Says how far the reading has come, when it takes long enough for somebody to wonder. */
export function createProgress(parts: {
  readonly log: Logger;
  readonly clock: Clock;
  readonly end: number;
}): (sequence: number) => void {
  const { log, clock, end } = parts;
  const startedMs = clock.monotonicMs();
  let saidMs = startedMs;
  return (sequence) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - saidMs < sayEachMs && !(sequence >= end && saidMs > startedMs)) return;
    saidMs = nowMs;
    log.info({ sequence, end, tookMs: Math.round(nowMs - startedMs) }, 'folding the log');
  };
}
