import type { WatchItem } from '#shared/cluster/cluster.ts';
import { failureOf, unclear } from '#shared/cluster/failure.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Change, Store } from '../../services/sandbox/store/types.ts';
import { notServed } from './not-served.ts';
import type { ClusterParts, WatchRequest } from './simulated-cluster.ts';
import type { SimulatedProcess } from './simulated-process.ts';

const bookmarkEachMs = 60_000;
/** The real client takes a watch without a byte for this long for dead. */
const idleMs = 150_000;

/**
 * A watch as one process sees it: events come late and in batches, each kind at its own pace; it ends by
 * time, by reset, by 410, or falls silent.
 */
export async function* simulatedWatch(
  { store, time, faults, unserved, sieve }: ClusterParts,
  process: SimulatedProcess,
  { kind, from, signal }: WatchRequest,
): AsyncGenerator<WatchItem> {
  const random = process.random.fork(`watching ${kind} from ${time.elapsed()}`);
  const doing = `watching ${kind}`;
  const strikes = (fault: Parameters<typeof faults.strikes>[0]): boolean =>
    faults.strikes(fault, random, `${process.name} ${kind}`);
  await process.sleep(random.between(0, 10));
  if (unserved.has(kind)) {
    yield { type: 'FAILED', failure: notServed(doing) };
    return;
  }
  // Another server, whose cache is behind, begins with what has been told long ago.
  const after = Number(from.resourceVersion);
  const behind = strikes('watch rewound') ? random.between(1, 40) : 0;
  const feed = openFeed(store, process, { kind, after: Math.max(0, after - behind) });
  if (feed === 'gone' || strikes('watch gone')) {
    yield { type: 'FAILED', failure: failureOf({ status: 410, body: {}, doing }) };
    return;
  }
  const endsAt = time.elapsed() + from.timeoutSeconds * 1000;
  let bookmarkAt = time.elapsed() + bookmarkEachMs;
  try {
    while (!signal.aborted && time.elapsed() < endsAt && !unserved.has(kind)) {
      const change = feed.next();
      if (change !== undefined) {
        if (sieve?.hides(process, change) === true) continue;
        yield { type: change.type, object: change.object };
        if (strikes('watch reset')) {
          yield { type: 'FAILED', failure: unclear(doing, { code: 'ECONNRESET' }) };
          return;
        }
        if (strikes('watch closed')) return;
        if (!strikes('watch silent')) continue;
        await process.sleep(idleMs);
        yield { type: 'FAILED', failure: unclear(doing, { code: 'ETIMEDOUT' }) };
        return;
      }
      if (time.elapsed() >= bookmarkAt) {
        bookmarkAt = time.elapsed() + bookmarkEachMs;
        const metadata = { resourceVersion: String(store.resourceVersion) };
        yield { type: 'BOOKMARK', object: { kind, metadata } };
      }
      await feed.arrival(signal, Math.max(1, Math.min(bookmarkAt, endsAt) - time.elapsed()));
      await process.sleep(
        strikes('watch late') ? random.between(500, 20_000) : random.between(0, 10),
      );
    }
  } finally {
    feed.close();
  }
}

interface Feed {
  next(): Change | undefined;
  /** Something has come, time is up, or the watch was given up. */
  arrival(signal: AbortSignal, forMs: number): Promise<void>;
  close(): void;
}

function openFeed(
  store: Store,
  process: SimulatedProcess,
  { kind, after }: { readonly kind: Kind; readonly after: number },
): Feed | 'gone' {
  const past = store.changesSince(after);
  if (past === 'gone') return 'gone';
  const queue = past.filter((change) => change.definition.kind === kind);
  let wake: (() => void) | undefined;
  const close = store.subscribe((change) => {
    if (!process.alive) close();
    if (change.definition.kind !== kind) return;
    queue.push(change);
    wake?.();
  });
  return {
    close,
    next: () => queue.shift(),
    async arrival(signal, forMs) {
      if (queue.length > 0 || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          wake = undefined;
          cancel();
          signal.removeEventListener('abort', done);
          if (process.alive) resolve();
        };
        const cancel = process.after(forMs, done);
        wake = done;
        signal.addEventListener('abort', done, { once: true });
      });
    },
  };
}
