import type { Clock } from '#shared/process/clock.ts';
import type { Lease } from '#shared/stream/position.ts';
import { wishSurveys } from '#shared/stream/survey-wish.ts';
import { endOf, Progress } from './catch-up.ts';
import { Desks } from './desks.ts';
import { Footing } from './footing.ts';
import type { ReconcilerParts } from './reconciler-parts.ts';
import { restoreAll } from './restore.ts';
import { SnapshotKeeper } from './snapshot-keeper.ts';
import { systemTimers } from './timers.ts';

/** A stop must not hang on a broker that is away, nor on one that is slow to take the last snapshots. */
const stopWithinMs = { answer: 1_000, snapshots: 5_000 } as const;

/**
 * Begins with the newest snapshots, folds the log after them, and follows it while another holds the
 * lease. With the lease, it takes every shard over and decides what each further record touches, until
 * told to stop. Throws when another reconciler takes over; a start anew then waits for the lease.
 */
export async function reconcile<View>(
  parts: ReconcilerParts<View>,
  signal: AbortSignal,
): Promise<void> {
  const failed = Promise.withResolvers<never>();
  using desks = await begin(parts, failed.reject);
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const work = {
    ...parts,
    desks,
    progress: new Progress(parts, desks.after),
    footing: new Footing({ ...parts, timers: parts.timers ?? systemTimers }),
    keeper: keeperFor(parts, desks),
  };
  const over = Promise.race([follow(work, either), failed.promise]);
  over.catch(() => undefined);
  sayWhenFolded(work).catch(() => undefined);
  try {
    await decideWhileLeased(work, either, over);
    // After the lease is given back: whoever waits for it has folded the log already.
    if (desks.isOpen) await keepLast(work);
  } finally {
    stop.abort();
  }
}

/** Until `over` settles. */
async function decideWhileLeased<View>(
  work: Work<View>,
  signal: AbortSignal,
  over: Promise<void>,
): Promise<void> {
  const waiting = work.stream.leases.hold('reconciler', work.holder, signal);
  try {
    await Promise.race([waiting, over]);
  } catch (error) {
    // One that comes while we are leaving is given back.
    waiting.then(giveBack, () => undefined);
    throw error;
  }
  await using lease = await waiting;
  const opening = open(work).then(() => {
    work.footing.savesUntil(signal);
    work.keeper?.keepsFrom(work.desks.all, signal);
  });
  opening.catch(() => undefined);
  await Promise.race([over, lease.lost, opening.then(() => over)]);
}

async function begin<View>(
  parts: ReconcilerParts<View>,
  fail: (error: unknown) => void,
): Promise<Desks<View>> {
  const { log, stream } = parts;
  const restored = await restoreAll(parts);
  const { first, last } = await stream.bounds();
  const desks = new Desks(parts, { restored, hasGap: first > 1, fail });
  const { after } = desks;
  parts.metrics?.follow(desks);
  log.info({ snapshots: restored.size, after, first, last }, 'folding the log');
  if (after + 1 < first) {
    log.warn({ first }, 'older records have aged out and no snapshot holds what they said');
  }
  return desks;
}

function keeperFor<View>(
  parts: ReconcilerParts<View>,
  desks: Desks<View>,
): SnapshotKeeper | undefined {
  const settings = parts.settings.snapshots;
  if (settings === undefined) return undefined;
  const { stream, log, clock, decider, timers = systemTimers } = parts;
  const version = decider.snapshotVersion;
  const keeper = new SnapshotKeeper({ stream, log, clock, timers, version, settings });
  for (const [shard, { mark, head }] of desks.restored) keeper.begins(shard, mark.basis, head);
  return keeper;
}

type Work<View> = ReconcilerParts<View> & {
  readonly desks: Desks<View>;
  readonly progress: Progress;
  readonly footing: Footing;
  readonly keeper: SnapshotKeeper | undefined;
};

async function follow<View>(
  { stream, desks, progress, footing, keeper }: Work<View>,
  signal: AbortSignal,
): Promise<void> {
  for await (const message of stream.read({ after: desks.after }, signal)) {
    desks.fold(message);
    footing.saw(message);
    keeper?.saw(message);
    progress.passed(message.sequence);
  }
}

/** Whoever waits for the lease has then done all that can be done before. */
async function sayWhenFolded<View>({
  stream,
  log,
  desks,
  progress,
  onPhase,
}: Work<View>): Promise<void> {
  const end = await endOf(stream);
  await progress.reached(end);
  log.info({ sequence: end }, 'folded the log');
  if (!desks.isOpen) onPhase?.('standing by');
}

/** What stands in the log when the lease is ours is folded before anything is taken over. */
async function open<View>(work: Work<View>): Promise<void> {
  const { stream, log, desks, progress, footing, holder, onPhase } = work;
  onPhase?.('starting');
  await progress.reached(await endOf(stream));
  const trustsFrom = await footing.trustsFrom();
  if (trustsFrom !== undefined) {
    // Before the log is told: whoever ends in between leaves the wish, and surveys too many do no harm.
    const { lineage } = stream.identity;
    await wishSurveys(stream.positions, { lineage, trustsFrom, holder });
  }
  await desks.open(trustsFrom);
  log.info({ shards: desks.all.length }, 'ready');
  onPhase?.('active');
}

/** At a stop everything is written down, so that the next start has next to nothing to fold. */
async function keepLast<View>({ stream, clock, desks, keeper }: Work<View>): Promise<void> {
  if (keeper === undefined) return;
  if (!(await isDoneWithin(clock, stopWithinMs.answer, stream.bounds()))) return;
  const stop = new AbortController();
  await isDoneWithin(clock, stopWithinMs.snapshots, keeper.keep(desks.all, stop.signal));
  stop.abort();
}

async function isDoneWithin(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const enough = new AbortController();
  const late = clock.sleep(ms, enough.signal).then(() => false);
  late.catch(() => undefined);
  const done = work.then(() => true).catch(() => false);
  return Promise.race([done, late]).finally(() => enough.abort());
}

async function giveBack(lease: Lease): Promise<void> {
  await lease[Symbol.asyncDispose]();
}
