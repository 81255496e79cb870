import type { Lease, Leases, Position, Positions } from './position.ts';

/** Positions in memory. */
export function createMemoryPositions(): Positions {
  const positions = new Map<string, Position>();
  return {
    load: async (reader) => positions.get(reader),
    save: async (reader, position) => {
      positions.set(reader, position);
    },
  };
}

type Waiter = { readonly resolve: (lease: Lease) => void };

/** Leases in memory: given in the order of asking, never lost, only given back. */
export function createMemoryLeases(): Leases {
  const queues = new Map<string, Waiter[]>();

  /** The first in a queue holds the lease. */
  function give(name: string): void {
    const [first] = queues.get(name) ?? [];
    if (first === undefined) return;
    first.resolve({
      lost: new Promise<never>(() => undefined),
      [Symbol.asyncDispose]: async () => leave(name, first),
    });
  }

  function leave(name: string, waiter: Waiter): void {
    const queue = queues.get(name) ?? [];
    const held = queue[0] === waiter;
    queues.set(
      name,
      queue.filter((other) => other !== waiter),
    );
    if (held) give(name);
  }

  return {
    hold(name, _holder, signal) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<Lease>();
      const waiter = { resolve };
      const queue = [...(queues.get(name) ?? []), waiter];
      queues.set(name, queue);
      signal.addEventListener('abort', () => {
        if (queues.get(name)?.[0] === waiter) return;
        leave(name, waiter);
        reject(new DOMException('stopped waiting for a lease', 'AbortError'));
      });
      if (queue.length === 1) give(name);
      return promise;
    },
  };
}
