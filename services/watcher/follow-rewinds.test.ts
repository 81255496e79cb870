import { expect, test } from 'vitest';
import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { createMemoryPositions } from '#shared/stream/memory-beside.ts';
import { askRewind, openRewind } from '#shared/stream/rewind.ts';
import { allShards } from '#shared/stream/shards.ts';
import { wishSurveys } from '#shared/stream/survey-wish.ts';
import { until } from '#test/support/until.ts';
import { followRewinds } from './follow-rewinds.ts';

/** Follows rewinds on a log in memory, with a watch that only says when it began and ended. */
function rig(ends?: Promise<void>, positions = createMemoryPositions()) {
  const log = new MemoryBroker({ now: () => Date.now() }).open();
  const said: string[] = [];
  const stop = new AbortController();
  const append: typeof log.append = (shard, family, record) => {
    if (record.type === 'rewound') said.push(`told ${shard}`);
    return log.append(shard, family, record);
  };
  const running = followRewinds(
    {
      stream: { append, positions },
      clock: systemClock,
      log: silentLogger(),
      lookEachMs: 1,
      async watch(round, signal) {
        said.push(`round ${round}`);
        const aborted = Promise.withResolvers<void>();
        signal.addEventListener('abort', () => aborted.resolve(), { once: true });
        await (ends === undefined ? aborted.promise : Promise.race([aborted.promise, ends]));
        said.push(`end of ${round}`);
      },
    },
    stop.signal,
  );
  return { positions, said, running, stop };
}

test('each shard is told, between the end of one round of surveys and the next', async () => {
  const { positions, said, running, stop } = rig();
  await askRewind(positions, { id: 'one', askedAt: 1_000, by: 'alice' });
  await until('the next round', () => said.includes('round 1'));
  expect(said).toEqual([
    'round 0',
    'end of 0',
    ...allShards.map((shard) => `told ${shard}`),
    'round 1',
  ]);
  expect(await openRewind(positions)).toBeUndefined();
  stop.abort();
  await running;
});

const wish = { lineage: '0a0b0c0d', trustsFrom: 7, holder: 'one' } as const;

test('a wish for surveys begins another round, once, and tells no shard anything', async () => {
  const { positions, said, running, stop } = rig();
  await until('the first round', () => said.includes('round 0'));
  await wishSurveys(positions, wish);
  await until('the next round', () => said.includes('round 1'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(said).toEqual(['round 0', 'end of 0', 'round 1']);
  await wishSurveys(positions, { ...wish, holder: 'two' });
  await until('the round after', () => said.includes('round 2'));
  stop.abort();
  await running;
});

test('a wish from before the first round is answered by its surveys', async () => {
  const positions = createMemoryPositions();
  await wishSurveys(positions, wish);
  const { said, running, stop } = rig(undefined, positions);
  await until('the first round', () => said.includes('round 0'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  await running;
  expect(said).toEqual(['round 0', 'end of 0']);
});

test('without a word from anybody nothing is told', async () => {
  const { said, running, stop } = rig();
  await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  await running;
  expect(said).toEqual(['round 0', 'end of 0']);
});

test('what ends the watching for good ends the following', async () => {
  const { running } = rig(Promise.reject(new Error('refused')));
  await expect(running).rejects.toThrow('refused');
});
