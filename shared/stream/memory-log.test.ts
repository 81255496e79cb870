import { expect, test } from 'vitest';
import { describeLog } from '#test/integration/log-contract.ts';
import { aFact, aShard, take } from '#test/integration/log-records.ts';
import { checkPosition, positionAt, positionAtStart } from './lineage.ts';
import { MemoryBroker } from './memory-log.ts';

const shard = aShard(3);

describeLog('the log in memory', async () => {
  const broker = aBroker();
  return {
    open: async () => broker.open(),
    put: async (subject, data) => {
      broker.put(subject, data);
    },
    loseNextAnswer: () => broker.loseAnswers(1),
    [Symbol.asyncDispose]: async () => undefined,
  };
});

test('tells a gap from a break when unread records have aged out', async () => {
  const broker = aBroker();
  const stream = broker.open();
  for (const name of ['a', 'b', 'c']) await stream.append(shard, 'fact', aFact(name));
  broker.ageOut(1);
  expect(await checkPosition(stream, positionAtStart(stream))).toBe('gap');
  expect(await checkPosition(stream, { ...positionAtStart(stream), sequence: 1 })).toBe('same');
  expect((await take(stream, 2)).map(({ sequence }) => sequence)).toEqual([2, 3]);
  broker.ageOut(3);
  expect(await stream.bounds()).toEqual({ first: 4, last: 3 });
});

test('expects nothing where the last decision has aged out', async () => {
  const broker = aBroker();
  const stream = broker.open();
  const opening = { type: 'opened', lineage: '0123abcd', codeVersion: '1', holder: 'a' } as const;
  await stream.appendDecision(shard, opening, 0);
  broker.ageOut(1);
  expect(await stream.appendDecision(shard, { ...opening, holder: 'b' }, 1)).toEqual({
    stored: true,
    sequence: 2,
  });
});

test('gives the clock it was given as log time', async () => {
  const stream = new MemoryBroker({ now: () => 1_700_000_000_123 }).open();
  await stream.append(shard, 'fact', aFact('a'));
  expect((await stream.at(1))?.at).toBe(1_700_000_000_123);
});

function aBroker(): MemoryBroker {
  let now = 1_700_000_000_000;
  return new MemoryBroker({ now: () => (now += 1) });
}

test('breaks a lower bound when anything is lost that had been read when it was drawn', async () => {
  const broker = aBroker();
  const stream = broker.open();
  for (const name of ['a', 'b', 'c']) await stream.append(shard, 'fact', aFact(name));
  const [first, , third] = await take(stream, 3);
  if (first === undefined || third === undefined) throw new Error('the log lacks what was put');
  const bound = { ...positionAt(stream, first), read: { sequence: 3, hash: third.hash } };
  expect(await checkPosition(stream, bound)).toBe('same');
  broker.setBack(2);
  expect(await checkPosition(stream, positionAt(stream, first))).toBe('same');
  expect(await checkPosition(stream, bound)).toBe('broken');
});
