import { expect, test } from 'vitest';
import { genesisHash } from '#shared/store/chain.ts';
import { problemWith } from '#shared/store/verify-chain.ts';
import { sealEntries } from './write-batch.ts';

const entry = {
  sequence: 1,
  at: 1_000,
  streamSequence: 7,
  part: 0,
  kind: 'opened',
  body: '{}',
} as const;
const chain = sealEntries(
  [entry, { ...entry, sequence: 2, part: 1, body: '{"a":1}' }],
  { turn: 0, lineage: '0123abcd' },
  genesisHash,
);

test('each entry follows the one before', () => {
  const [first, second] = chain;
  expect(first?.previousHash).toBe(genesisHash);
  expect(second?.previousHash).toBe(first?.hash);
  expect(first && problemWith({ sequence: 0, hash: genesisHash }, first)).toBeUndefined();
});

test.for([
  ['body', { body: '{"a":2}' }, 'entry 2 has been changed'],
  ['kind', { kind: 'held' }, 'entry 2 has been changed'],
  ['time', { at: 1_000.001 }, 'entry 2 has been changed'],
  ['place in the log', { streamSequence: 8 }, 'entry 2 has been changed'],
  ['lineage', { lineage: 'ffffffff' }, 'entry 2 has been changed'],
  ['place in the chain', { sequence: 3 }, 'entry 2 is missing'],
  ['hash before', { previousHash: genesisHash }, 'entry 2 does not follow entry 1'],
] as const)('another %s is found', ([, edit, problem]) => {
  const [first, second] = chain;
  if (first === undefined || second === undefined) throw new Error('two entries were sealed');
  const head = { sequence: 1, hash: first.hash };
  expect(problemWith(head, { ...second, ...edit })).toEqual({ firstBad: 2, problem });
});
