import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { Log } from '#shared/stream/log.ts';
import type { Positions } from '#shared/stream/position.ts';
import { answerRewind, openRewind } from '#shared/stream/rewind.ts';
import type { Rewind } from '#shared/stream/rewind.ts';
import { allShards } from '#shared/stream/shards.ts';
import { newestWish } from '#shared/stream/survey-wish.ts';

export type RewindParts = {
  readonly stream: Pick<Log, 'append'> & { readonly positions: Positions };
  readonly clock: Clock;
  readonly log: Logger;
  /** How long an accepted rewind, or a wish for surveys, may wait to be noticed. */
  readonly lookEachMs: number;
  /** Watches and surveys until the signal aborts; `round` counts from 0. */
  readonly watch: (round: number, signal: AbortSignal) => Promise<void>;
};

/**
 * Watches until the signal aborts, and begins anew whenever somebody has said that the cluster was set
 * back: each shard is told that what it knew is void, and every kind is surveyed after that. Facts of the
 * round before were handed to the log first, so none of them comes after the telling. It begins anew as
 * well when a reconciler wishes for surveys, because the log was set back.
 */
export async function followRewinds(parts: RewindParts, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round += 1) {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    // Read before the surveys of this round begin: they are an answer to it.
    const answered = await newestWish(parts.stream.positions);
    const watching = parts.watch(round, either);
    try {
      const word = await Promise.race([watching, nextWord(parts, answered, either)]);
      stop.abort();
      await watching;
      if (word === 'surveys') parts.log.warn('the log was set back: surveying everything anew');
      if (typeof word === 'object') await tell(parts, word);
    } finally {
      stop.abort();
    }
  }
}

/** What is a reason to begin anew; undefined once the signal aborts. */
async function nextWord(
  { stream, clock, lookEachMs }: RewindParts,
  answered: string | undefined,
  signal: AbortSignal,
): Promise<Rewind | 'surveys' | undefined> {
  while (!signal.aborted) {
    const rewind = await openRewind(stream.positions);
    if (rewind !== undefined) return rewind;
    const wish = await newestWish(stream.positions);
    if (wish !== undefined && wish !== answered) return 'surveys';
    await clock.sleep(lookEachMs, signal).catch(() => undefined);
  }
  return undefined;
}

async function tell({ stream, log }: RewindParts, rewind: Rewind): Promise<void> {
  const { id, by } = rewind;
  const askedAt = new Date(rewind.askedAt).toISOString();
  log.warn({ id, by, askedAt }, 'the cluster was set back: all that was known of it is void');
  await Promise.all(
    allShards.map((shard) => stream.append(shard, 'fact', { type: 'rewound', id, by, askedAt })),
  );
  await answerRewind(stream.positions, rewind);
}
