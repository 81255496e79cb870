import type { Change, Store } from '../store/types.ts';

/** The store's changes once they are safe: nothing is told that a crash could take back. */
export interface ChangeFeed {
  /** The newest resourceVersion that has been told. */
  readonly position: number;
  /** Calls for each change from now on, in order; the answer ends it. */
  follow(listener: (change: Change) => void): () => void;
  close(): void;
}

export type FeedParts = {
  readonly store: Store;
  /** Resolves when everything up to a resourceVersion is on disk. */
  readonly durable: (resourceVersion: number) => Promise<void>;
  /** A journal that cannot be written ends the server; the feed stays silent from then on. */
  readonly failed: (error: unknown) => void;
};

export function openChangeFeed({ store, durable, failed }: FeedParts): ChangeFeed {
  const listeners = new Set<(change: Change) => void>();
  let position = store.resourceVersion;
  let waiting: Change[] = [];
  let draining = false;
  let closed = false;

  const tell = (change: Change): void => {
    position = change.resourceVersion;
    for (const listener of listeners) listener(change);
  };
  const drain = async (): Promise<void> => {
    draining = true;
    while (waiting.length > 0 && !closed) {
      const batch = waiting;
      waiting = [];
      // One wait for the whole batch: what is durable at its end is durable before it.
      await durable(batch.at(-1)?.resourceVersion ?? 0);
      if (!closed) batch.forEach(tell);
    }
    draining = false;
  };
  const unsubscribe = store.subscribe((change) => {
    waiting.push(change);
    if (!draining) drain().catch(failed);
  });

  return {
    get position() {
      return position;
    },
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closed = true;
      unsubscribe();
      listeners.clear();
    },
  };
}
