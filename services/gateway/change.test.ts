import { expect, test } from 'vitest';
import { changeFrom, concerns, eventText } from './change.ts';

function aChange(body: object, kind = 'size-changed') {
  const at = new Date('2026-11-21T04:00:00Z');
  return changeFrom({ sequence: 7, at, kind, body: JSON.stringify(body) });
}

const set = { namespace: 'shop', kind: 'VirtualMachinePool', name: 'web' };

test.for([
  [{ set }],
  [{ object: set, user: 'alice' }],
  [{ set, namespace: 'elsewhere', claim: { name: 'web-disk' } }],
])('a change is found by the set that it is about: %j', ([body]) => {
  const change = aChange(body ?? {});
  expect(concerns(change, { namespace: 'shop' })).toBe(true);
  expect(concerns(change, { namespace: 'shop', name: 'web' })).toBe(true);
  expect(concerns(change, { namespace: 'demo' })).toBe(false);
  expect(concerns(change, { namespace: 'shop', name: 'other' })).toBe(false);
});

test('what names no namespace is only for those who see all of them', () => {
  const takeOver = aChange({ shard: '07', holder: 'host-1' }, 'opened');
  expect(concerns(takeOver, {})).toBe(true);
  expect(concerns(takeOver, { namespace: 'shop' })).toBe(false);
});

test('an event is one block of lines, whatever its texts hold', () => {
  const text = eventText(aChange({ because: 'two\nlines\n\nevent: forged' }));
  expect(text.split('\n')).toHaveLength(5);
  expect(text).toMatch(/^id: 7\nevent: size-changed\ndata: \{.*\}\n\n$/);
});
