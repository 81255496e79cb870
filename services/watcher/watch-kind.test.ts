import { expect, onTestFinished, test } from 'vitest';
import type { WatchItem } from '#shared/cluster/cluster.ts';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { until } from '#test/support/until.ts';
import { watchKind } from './watch-kind.ts';
import type { KindParts } from './watch-kind.ts';

const silentTeller: KindParts['teller'] = {
  seen: () => undefined,
  gone: () => undefined,
  beginSurvey: () => undefined,
  seenInSurvey: () => undefined,
  closeSurvey: () => 0,
};

function start(parts: Pick<KindParts, 'cluster'> & Partial<KindParts>): Promise<void> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return watchKind(
    {
      kind: 'VirtualMachine',
      isServed: async () => ({ ok: true, value: true }),
      teller: silentTeller,
      outbox: { hasRoom: true, room: async () => undefined },
      clock: systemClock,
      log: silentLogger(),
      options: { run: 'r', pageSize: 9, surveyEachMs: 1e6, backoff: { firstMs: 1, mostMs: 1 } },
      seed: 1,
      onSurveyed: () => undefined,
      ...parts,
    },
    stop.signal,
  );
}

const event: WatchItem = { type: 'ADDED', object: { metadata: { resourceVersion: '9' } } };
const emptyList = async () => ({ ok: true as const, value: { items: [], resourceVersion: '1' } });

test('does not read on from a watch while there is no room for what it says', async () => {
  let read = 0;
  const full = Promise.withResolvers<void>();
  const outbox = {
    hasRoom: true,
    room: async () => {
      if (!outbox.hasRoom) await full.promise;
    },
  };
  async function* watch(): AsyncGenerator<WatchItem> {
    for (;;) {
      read += 1;
      if (read === 3) outbox.hasRoom = false;
      if (read > 9) await new Promise(() => undefined);
      yield event;
    }
  }
  void start({ cluster: { list: emptyList, watch }, outbox });
  await until('three events to be read', () => read === 3, { everyMs: 1 });
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(read).toBe(3);
  outbox.hasRoom = true;
  full.resolve();
  await until('the rest to be read', () => read === 10, { everyMs: 1 });
});

test('what cannot be told ends the watch of the kind with its error', async () => {
  async function* watch(): AsyncGenerator<WatchItem> {
    yield event;
  }
  const seen = () => {
    throw new RangeError('unreadable');
  };
  const running = start({
    cluster: { list: emptyList, watch },
    teller: { ...silentTeller, seen },
  });
  await expect(running).rejects.toThrow('unreadable');
});

test('leaves the watch for each survey, and follows a new one after it', async () => {
  let lists = 0;
  let watches = 0;
  let following = 0;
  async function* watch(_kind: unknown, _from: unknown, signal: AbortSignal) {
    watches += 1;
    following += 1;
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await ended;
    following -= 1;
    yield* [];
  }
  const list = () => {
    lists += 1;
    return emptyList();
  };
  const options = { run: 'r', pageSize: 9, surveyEachMs: 2, backoff: { firstMs: 1, mostMs: 1 } };
  void start({ cluster: { list, watch }, options });
  await until('five surveys', () => lists >= 5 && watches >= 5, { everyMs: 1 });
  expect(following).toBeLessThanOrEqual(1);
});
