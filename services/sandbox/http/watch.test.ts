import { ServerResponse, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test, vi } from 'vitest';

import type { KubeObject } from '../store/types.ts';
import { openChangeFeed } from './change-feed.ts';
import { aPool, fakeStore, poolDefinition, poolVersion } from '#test/support/fake-store.ts';
import type { Shape } from './media-types.ts';
import { startWatch } from './watch.ts';
import type { WatchRequest } from './watch.ts';

type Timer = { readonly at: number; readonly run: () => void };

/** Time that stands still until a test moves it. */
function fakeClock() {
  let now = Date.parse('2026-11-21T04:00:05Z');
  const timers = new Set<Timer>();
  return {
    now: () => now,
    after: (ms: number, run: () => void) => {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass: (ms: number) => {
      now += ms;
      for (const timer of [...timers].filter(({ at }) => at <= now)) {
        if (timers.delete(timer)) timer.run();
      }
    },
  };
}

const plain: Shape = { kind: 'plain', format: 'json' };

function open(request: Partial<WatchRequest> = {}, mostBufferedBytes = 1_000_000) {
  const store = fakeStore();
  const clock = fakeClock();
  const feed = openChangeFeed({ store, durable: () => Promise.resolve(), failed: vi.fn() });
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const lines: { readonly type: string; readonly object: unknown }[] = [];
  const write = vi.spyOn(response, 'write').mockImplementation((chunk: unknown) => {
    lines.push(JSON.parse(String(chunk)));
    return true;
  });
  const whole: WatchRequest = {
    shown: { definition: poolDefinition, version: poolVersion },
    namespace: '',
    matches: () => true,
    shape: plain,
    include: 'Metadata',
    bookmarks: false,
    timeoutMs: 300_000,
    start: { kind: 'after', resourceVersion: 10 },
    ...request,
  };
  const limits = { bookmarkEveryMs: 60_000, mostBufferedBytes };
  const watch = startWatch({ store, feed, clock, limits }, whole, response);
  return { store, clock, feed, response, lines, write, watch };
}

const typesOf = (lines: readonly { readonly type: string }[]): readonly string[] =>
  lines.map(({ type }) => type);

test('sends what is committed after its version, once it is durable', async () => {
  const { store, lines } = open();
  store.commit({ type: 'ADDED', object: aPool('a', 11) });
  await vi.waitFor(() => expect(lines).toHaveLength(1));
  expect(lines[0]).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } });
});

test('begins with the objects that exist and marks where they end', () => {
  const objects = [aPool('a', 7)];
  const start = { kind: 'existing', resourceVersion: 10, objects, endMarked: true } as const;
  const { lines } = open({ start });
  expect(lines).toMatchObject([
    { type: 'ADDED', object: { metadata: { name: 'a' } } },
    {
      type: 'BOOKMARK',
      object: {
        metadata: { resourceVersion: '10', annotations: { 'k8s.io/initial-events-end': 'true' } },
      },
    },
  ]);
});

test('tells an object that begins to match as added and one that ceases as deleted', async () => {
  const matches = (object: KubeObject): boolean => object.metadata.labels?.['in'] === 'yes';
  const { store, lines } = open({ matches });
  const out = aPool('a', 11, { in: 'no' });
  const inside = aPool('a', 12, { in: 'yes' });
  store.commit({ type: 'ADDED', object: out });
  store.commit({ type: 'MODIFIED', object: inside, previous: out });
  store.commit({ type: 'MODIFIED', object: aPool('a', 13, { in: 'no' }), previous: inside });
  await vi.waitFor(() => expect(typesOf(lines)).toEqual(['ADDED', 'DELETED']));
  expect(lines[1]).toMatchObject({
    object: { metadata: { labels: { in: 'yes' }, resourceVersion: '13' } },
  });
});

test('keeps to its namespace', async () => {
  const { store, lines, feed } = open({ namespace: 'other' });
  store.commit({ type: 'ADDED', object: aPool('a', 11) });
  await vi.waitFor(() => expect(feed.position).toBe(11));
  expect(lines).toEqual([]);
});

test('answers a version that is forgotten with an error event and ends', () => {
  const { lines, response } = open({ start: { kind: 'after', resourceVersion: 1 } });
  expect(response.statusCode).toBe(200);
  expect(lines).toMatchObject([
    { type: 'ERROR', object: { code: 410, message: 'too old resource version: 1 (10)' } },
  ]);
  expect(response.writableEnded).toBe(true);
});

test('sends a bookmark each minute and one before its time is over', () => {
  const { lines, clock, response } = open({ bookmarks: true, timeoutMs: 150_000 });
  clock.pass(60_000);
  clock.pass(60_000);
  expect(typesOf(lines)).toEqual(['BOOKMARK', 'BOOKMARK']);
  expect(lines[0]).toMatchObject({ object: { metadata: { resourceVersion: '10' } } });
  clock.pass(30_000);
  expect(typesOf(lines)).toEqual(['BOOKMARK', 'BOOKMARK', 'BOOKMARK']);
  expect(response.writableEnded).toBe(true);
});

test('says nothing on a version of the future, not even a bookmark', () => {
  const start = { kind: 'after', resourceVersion: 99_999 } as const;
  const { lines, clock } = open({ bookmarks: true, start });
  clock.pass(60_000);
  expect(lines).toEqual([]);
});

test('declares the columns of a table in the first event only', async () => {
  const { store, lines } = open({ shape: { kind: 'table' } });
  store.commit({ type: 'ADDED', object: aPool('a', 11) });
  store.commit({ type: 'ADDED', object: aPool('b', 12) });
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  expect(lines).toMatchObject([
    { object: { columnDefinitions: [{}, {}, {}], rows: [{ cells: ['a', 3, '5s'] }] } },
    { object: { columnDefinitions: null, rows: [{ cells: ['b', 3, '5s'] }] } },
  ]);
});

test('gives up on a client that does not read', async () => {
  const { store, response } = open({}, 10);
  vi.spyOn(response, 'writableLength', 'get').mockReturnValue(11);
  store.commit({ type: 'ADDED', object: aPool('a', 11) });
  await vi.waitFor(() => expect(response.destroyed).toBe(true));
});
