import { expect, test } from 'vitest';
import { swap } from './swap.ts';
import type { Try } from './swap.ts';

type Last = { readonly sequence: number; readonly hash: string } | undefined;

/** Swaps against answers prepared one by one, each with the last message that stands then. */
async function swapOver(expected: number, answers: readonly (readonly [Try, Last])[]) {
  const expectations: number[] = [];
  let turn = -1;
  const result = await swap({
    expected,
    hash: 'ours',
    attempt: async (expect) => {
      expectations.push(expect);
      turn += 1;
      return answers[turn]?.[0] ?? { kind: 'unclear' };
    },
    readLast: async () => answers[turn]?.[1],
  });
  return { result, expectations };
}

const wrong: Try = { kind: 'wrong-sequence' };
const unclear: Try = { kind: 'unclear' };
const stored: Try = { kind: 'stored', sequence: 9 };
const before = { sequence: 7, hash: 'theirs' };
const ours = { sequence: 8, hash: 'ours' };
const rival = { sequence: 9, hash: 'rival' };

test('recognises its own message when no answer came', async () => {
  const { result } = await swapOver(7, [[unclear, ours]]);
  expect(result).toEqual({ stored: true, sequence: 8 });
});

test('tries again when nothing was stored, and recognises a late arrival of the first', async () => {
  const { result, expectations } = await swapOver(7, [
    [unclear, before],
    [wrong, ours],
  ]);
  expect(result).toEqual({ stored: true, sequence: 8 });
  expect(expectations).toEqual([7, 7]);
});

test('gives way to a rival, even on top of its own message', async () => {
  const overtaken = { stored: false, last: 9 };
  expect((await swapOver(7, [[wrong, rival]])).result).toEqual(overtaken);
  expect((await swapOver(7, [[unclear, rival]])).result).toEqual(overtaken);
});

test('expects nothing once the last message has aged out', async () => {
  const { result, expectations } = await swapOver(7, [
    [unclear, undefined],
    [wrong, undefined],
    [stored, undefined],
  ]);
  expect(result).toEqual({ stored: true, sequence: 9 });
  expect(expectations).toEqual([7, 7, 0]);
});

test('does not take an equal message from before for its own', async () => {
  const { result } = await swapOver(7, [
    [unclear, { sequence: 7, hash: 'ours' }],
    [stored, undefined],
  ]);
  expect(result).toEqual({ stored: true, sequence: 9 });
});
