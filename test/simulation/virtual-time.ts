/**
 * Time that passes only when nothing else can happen. Timers run one by one, by time and then by the
 * order in which they were set, and after each all promises that it settled are followed to their ends.
 */
export interface VirtualTime {
  /** Milliseconds since 1970, whole. */
  now(): number;
  /** Milliseconds since the beginning. */
  elapsed(): number;
  after(ms: number, run: () => void): () => void;
  /** Lets time pass up to a moment after the beginning; stops early when `until` holds. */
  pass(toElapsedMs: number, until?: () => boolean): Promise<void>;
  /** Timers run so far. */
  readonly steps: number;
}

type Timer = {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
  off: boolean;
};

const beginning = Date.parse('2026-11-21T10:00:00Z');

export function createVirtualTime(mostSteps: number): VirtualTime {
  const heap: Timer[] = [];
  let time = beginning;
  let order = 0;
  let steps = 0;

  return {
    now: () => time,
    elapsed: () => time - beginning,
    get steps() {
      return steps;
    },
    after(ms, run) {
      order += 1;
      const timer = { due: time + Math.max(0, Math.round(ms)), order, run, off: false };
      push(heap, timer);
      return () => {
        timer.off = true;
      };
    },
    async pass(toElapsedMs, until) {
      const end = beginning + toElapsedMs;
      await settled();
      while (until?.() !== true) {
        const [next] = heap;
        if (next === undefined || next.due > end) {
          time = Math.max(time, end);
          return;
        }
        pop(heap);
        if (next.off) continue;
        time = Math.max(time, next.due);
        steps += 1;
        if (steps > mostSteps) throw new RangeError(`no end after ${mostSteps} steps`);
        next.run();
        await settled();
      }
    },
  };
}

const { setImmediate: atNextTurn } = globalThis;

/** The platform comes back here only when no promise is left to follow. */
function settled(): Promise<void> {
  return new Promise((resolve) => void atNextTurn(resolve));
}

function isBefore(left: Timer, right: Timer): boolean {
  return left.due < right.due || (left.due === right.due && left.order < right.order);
}

function push(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  heap.push(timer);
  while (at > 0) {
    const up = (at - 1) >>> 1;
    const parent = heap[up];
    if (parent === undefined || !isBefore(timer, parent)) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    const isRight = left !== undefined && right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (child === undefined || !isBefore(child, last)) break;
    heap[at] = child;
    at = isRight ? 2 * at + 2 : 2 * at + 1;
  }
  heap[at] = last;
}
