import { expect, test } from 'vitest';
import { colorsFor } from './colors.ts';
import { entryLine } from './entry-line.ts';

const set = { namespace: 'shop', kind: 'VirtualMachinePool', name: 'web' };
const paused = { what: 'paused', from: 'false', to: 'true' };

function lineOf(body: object): string {
  const at = new Date('2026-11-21T04:12:33.000Z');
  const entry = { sequence: 1, at, kind: 'set-changed', body: JSON.stringify({ set, ...body }) };
  return entryLine(entry, colorsFor(false)).trim();
}

test.for([
  [{ changes: [paused, { what: 'template' }] }, 'paused false → true, template'],
  [{ changes: [paused], missed: 2 }, 'paused false → true (2 versions in between not seen)'],
  [{ changes: [], missed: 1 }, 'changed and changed back (1 version in between not seen)'],
] as const)('an edit tells what it changed, and what was not seen: %j', ([body, words]) => {
  expect(lineOf(body)).toBe(`04:12:33.000  shop vmpool/web  changed: ${words}`);
});
