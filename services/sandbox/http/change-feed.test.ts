import { expect, test, vi } from 'vitest';

import { openChangeFeed } from './change-feed.ts';
import { aPool, fakeStore } from '#test/support/fake-store.ts';

test('tells nothing before it is on disk, and then everything in order', async () => {
  const store = fakeStore();
  const disk = Promise.withResolvers<void>();
  const feed = openChangeFeed({ store, durable: () => disk.promise, failed: vi.fn() });
  const told: number[] = [];
  feed.follow((change) => told.push(change.resourceVersion));
  store.commit({ type: 'ADDED', object: aPool('a', 11) });
  store.commit({ type: 'ADDED', object: aPool('b', 12) });
  await Promise.resolve();
  expect(told).toEqual([]);
  expect(feed.position).toBe(10);
  disk.resolve();
  await vi.waitFor(() => expect(told).toEqual([11, 12]));
  expect(feed.position).toBe(12);
});

test('waits once for what was committed while it waited', async () => {
  const store = fakeStore();
  const durable = vi.fn(() => new Promise<void>((resolve) => setImmediate(resolve)));
  const feed = openChangeFeed({ store, durable, failed: vi.fn() });
  for (let count = 0; count < 50; count += 1) {
    store.commit({ type: 'ADDED', object: aPool(`p${count}`, 11 + count) });
  }
  await vi.waitFor(() => expect(feed.position).toBe(60));
  expect(durable).toHaveBeenCalledTimes(2);
});

test('says so when the journal fails, and stays silent', async () => {
  const store = fakeStore();
  const failed = vi.fn();
  const feed = openChangeFeed({
    store,
    durable: () => Promise.reject(new Error('disk full')),
    failed,
  });
  const listener = vi.fn();
  feed.follow(listener);
  store.commit({ type: 'ADDED', object: aPool('a', 11) });
  await vi.waitFor(() => expect(failed).toHaveBeenCalledOnce());
  expect(listener).not.toHaveBeenCalled();
});
