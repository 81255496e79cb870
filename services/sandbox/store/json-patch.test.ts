import { describe, expect, it } from 'vitest';

import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';

const rejected = { kind: 'rejected' };

function patched(target: unknown, ...operations: readonly unknown[]): unknown {
  const result = applyJsonPatch(target, operations);
  return result.kind === 'patched' ? result.value : result;
}

describe('a JSON patch', () => {
  it('adds to objects, before items of lists and at their end', () => {
    expect(patched({ a: 1 }, { op: 'add', path: '/b', value: 2 })).toEqual({ a: 1, b: 2 });
    expect(patched([1, 2], { op: 'add', path: '/1', value: 9 })).toEqual([1, 9, 2]);
    expect(patched([1, 2], { op: 'add', path: '/-', value: 9 })).toEqual([1, 2, 9]);
  });

  it('removes, replaces, moves and copies', () => {
    expect(patched({ a: [1, 2] }, { op: 'remove', path: '/a/0' })).toEqual({ a: [2] });
    expect(patched({ a: 1 }, { op: 'replace', path: '/a', value: null })).toEqual({ a: null });
    expect(patched({ a: 1 }, { op: 'move', from: '/a', path: '/b' })).toEqual({ b: 1 });
    expect(patched({ a: { c: 1 } }, { op: 'copy', from: '/a', path: '/b' })).toEqual({
      a: { c: 1 },
      b: { c: 1 },
    });
  });

  it('reads escaped names', () => {
    expect(patched({ 'a/b~c': 1 }, { op: 'remove', path: '/a~1b~0c' })).toEqual({});
  });

  it('rejects what it cannot carry out', () => {
    expect(patched({}, { op: 'remove', path: '/a' })).toEqual(rejected);
    expect(patched({}, { op: 'replace', path: '/a', value: 1 })).toEqual(rejected);
    expect(patched([], { op: 'add', path: '/1', value: 1 })).toEqual(rejected);
    expect(patched([], { op: 'add', path: '/01', value: 1 })).toEqual(rejected);
    expect(patched({ a: 1 }, { op: 'add', path: 'a', value: 1 })).toEqual(rejected);
    expect(patched({ a: 1 }, 'add')).toEqual(rejected);
  });

  it('leaves its target as it was', () => {
    const target = { a: { b: [1] } };
    patched(target, { op: 'add', path: '/a/b/-', value: 2 });
    expect(target).toEqual({ a: { b: [1] } });
  });

  it('treats a field called __proto__ as data', () => {
    const value: unknown = JSON.parse('[{"op":"add","path":"/__proto__","value":{"x":1}}]');
    const result = applyJsonPatch({}, Array.isArray(value) ? value : []);
    expect(JSON.stringify(result)).toBe('{"kind":"patched","value":{"__proto__":{"x":1}}}');
  });
});

describe('a merge patch', () => {
  it('follows the examples of RFC 7386', () => {
    expect(applyMergePatch({ a: 'b' }, { a: 'c' })).toEqual({ a: 'c' });
    expect(applyMergePatch({ a: 'b' }, { b: 'c' })).toEqual({ a: 'b', b: 'c' });
    expect(applyMergePatch({ a: 'b', b: 'c' }, { a: null })).toEqual({ b: 'c' });
    expect(applyMergePatch({ a: ['b'] }, { a: 'c' })).toEqual({ a: 'c' });
    expect(applyMergePatch({ a: 'c' }, { a: ['b'] })).toEqual({ a: ['b'] });
    expect(applyMergePatch({ a: { b: 'c' } }, { a: { b: 'd', c: null } })).toEqual({
      a: { b: 'd' },
    });
    expect(applyMergePatch({ e: null }, { a: 1 })).toEqual({ e: null, a: 1 });
    expect(applyMergePatch({}, { a: { bb: { ccc: null } } })).toEqual({ a: { bb: {} } });
    expect(applyMergePatch([1, 2], { a: 'b', c: null })).toEqual({ a: 'b' });
  });
});
