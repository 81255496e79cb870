import { expect, test } from 'vitest';
import { shardSchema } from '#shared/contract/ids.ts';
import { parseSubject, subjectOf } from './subjects.ts';

test('reads back the subjects that it writes', () => {
  const address = { shard: shardSchema.parse('07'), family: 'outcome' } as const;
  expect(parseSubject(subjectOf(address))).toEqual(address);
});

test('reads no other subject', () => {
  for (const subject of ['rc.64.fact', 'rc.07.facts', 'rc.07', 'rc.07.fact.x', 'x.07.fact']) {
    expect(parseSubject(subject)).toBeUndefined();
  }
});
