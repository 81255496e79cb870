import { expect, test } from 'vitest';
import type { Clock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { BookGate } from './book-gate.ts';
import type { ReadRecorderPosition } from './book-gate.ts';

const lineage = '0a0b0c0d';
const never = new AbortController().signal;

/** A clock whose sleeps take no time of ours. */
function quickClock(): Clock {
  let now = 0;
  return {
    monotonicMs: () => now,
    wallMs: () => now,
    async sleep(forMs, signal) {
      signal?.throwIfAborted();
      now += forMs;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function aGate(read: ReadRecorderPosition, strain?: () => string | undefined): BookGate {
  const clock = quickClock();
  return new BookGate({ lineage, read, clock, log: silentLogger(), ...(strain && { strain }) });
}

test('opens when the book has come far enough, and not for the position of another log', async () => {
  const positions = [
    { lineage: 'ffffffff', sequence: 99 },
    { lineage, sequence: 4 },
    { lineage, sequence: 5 },
  ];
  let reads = 0;
  const gate = aGate(async () => positions[reads++]);
  await gate.passed(5, never);
  expect(reads).toBe(3);
  await gate.passed(4, never);
  expect(reads).toBe(3);
});

test('a log that is nearly full keeps it closed though the book is far, until there is room', async () => {
  let strain: string | undefined = 'the log is 83 % full';
  let asked = 0;
  const gate = aGate(
    async () => {
      asked += 1;
      if (asked === 20) strain = undefined;
      return { lineage, sequence: 100 };
    },
    () => strain,
  );
  const passing = gate.passed(5, never);
  const told: (string | undefined)[] = [];
  while (asked < 3) await new Promise((resolve) => setImmediate(resolve));
  told.push(gate.trouble);
  await passing;
  expect(told).toEqual(['1 destructive commands wait: the log is 83 % full']);
  expect(gate.trouble).toBeUndefined();
});

test('a book that cannot be read is a trouble at once, one that is behind only after a while', async () => {
  const away = aGate(() => Promise.reject(new Error('away')));
  const stop = new AbortController();
  const passing = away.passed(1, stop.signal);
  await new Promise((resolve) => setImmediate(resolve));
  expect(away.trouble).toContain('the book cannot be read');
  stop.abort();
  await expect(passing).rejects.toThrow();

  const behind = aGate(async () => ({ lineage, sequence: 0 }));
  const told: (string | undefined)[] = [];
  const end = new AbortController();
  const waiting = behind.passed(1, end.signal);
  await new Promise((resolve) => setImmediate(resolve));
  told.push(behind.trouble);
  for (let turns = 0; behind.trouble === undefined && turns < 20_000; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  told.push(behind.trouble);
  end.abort();
  await expect(waiting).rejects.toThrow();
  expect(told).toEqual([undefined, '1 destructive commands wait: the book is far behind']);
});
