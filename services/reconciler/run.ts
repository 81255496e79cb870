import { namespaceShards } from '#shared/stream/shards.ts';
import type { Shard } from '#shared/contract/ids.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { createAlarm } from './alarm.ts';
import { createProgress, endOf } from './catch-up.ts';
import type { Decider } from './decider.ts';
import { Desk } from './desk.ts';
import { createLogClock } from './log-clock.ts';
import type { Settings } from './settings.ts';

export type ReconcilerParts<View> = {
  readonly stream: Stream;
  readonly log: Logger;
  readonly clock: Clock;
  readonly decider: Decider<View>;
  readonly settings: Pick<Settings, 'limits' | 'policy' | 'codeVersion'>;
  readonly holder: string;
};

/**
 * Takes the lease, folds the log from its first record, takes every shard over, and then decides what
 * each further record touches, until told to stop. Throws when another reconciler takes over; a start
 * anew then waits for the lease.
 */
export async function reconcile<View>(
  parts: ReconcilerParts<View>,
  signal: AbortSignal,
): Promise<void> {
  await using lease = await parts.stream.leases.hold('reconciler', parts.holder, signal);
  const stop = new AbortController();
  const failed = Promise.withResolvers<never>();
  const run = follow(parts, AbortSignal.any([signal, stop.signal]), failed.reject);
  try {
    await Promise.race([run, failed.promise, lease.lost]);
  } finally {
    stop.abort();
    failed.promise.catch(() => undefined);
    run.catch(() => undefined);
  }
}

async function follow<View>(
  parts: ReconcilerParts<View>,
  signal: AbortSignal,
  fail: (error: unknown) => void,
): Promise<void> {
  const { stream, log, decider, holder } = parts;
  const { limits, policy, codeVersion } = parts.settings;
  const clock = createLogClock(parts.clock);
  using alarm = createAlarm(clock);
  let isDue = false;

  // Once for all that has arrived together: a frame in the same breath is folded before deciding.
  const wake = (): void => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      for (const desk of desks.values()) void desk.decideTouched().catch(fail);
    });
  };
  const acting = { limits, policy, holder, codeVersion };
  const desks = new Map<Shard, Desk<View>>(
    namespaceShards.map((shard) => [
      shard,
      new Desk({ stream, log, decider, clock, alarm, wake, ...acting }, shard),
    ]),
  );
  const openAll = async (): Promise<void> => {
    await Promise.all([...desks.values()].map((desk) => desk.open()));
    log.info({ shards: desks.size }, 'ready');
    wake();
  };

  const end = await endOf(stream, log);
  const progress = createProgress({ log, clock: parts.clock, end });
  let caughtUp = end === 0;
  if (caughtUp) void openAll().catch(fail);
  for await (const message of stream.read({ after: 0 }, signal)) {
    clock.observe(message.at);
    desks.get(message.shard)?.fold(message);
    if (caughtUp) {
      wake();
      continue;
    }
    progress(message.sequence);
    caughtUp = message.sequence >= end;
    if (caughtUp) void openAll().catch(fail);
  }
}
