import { describe, expect, it } from 'vitest';

import { applyStrategicPatch } from './strategic-merge.ts';

const keyed = {
  'x-kubernetes-patch-merge-key': 'name',
  'x-kubernetes-patch-strategy': 'merge',
  items: { properties: { ports: { 'x-kubernetes-patch-strategy': 'merge' } } },
};
const schema = { properties: { list: keyed, set: { 'x-kubernetes-patch-strategy': 'merge' } } };

function patched(target: unknown, patch: unknown): unknown {
  const result = applyStrategicPatch(target, patch, schema);
  return result.kind === 'patched' ? result.value : result.why;
}

describe('a strategic merge patch', () => {
  it('merges maps, removes nulls and replaces lists without a key', () => {
    const target = { a: { b: 1, c: 2 }, plain: [1, 2] };
    expect(patched(target, { a: { b: null, d: 3 }, plain: [3] })).toEqual({
      a: { c: 2, d: 3 },
      plain: [3],
    });
  });

  it('finds the items of a list by their key', () => {
    const target = { list: [{ name: 'a', x: 1 }, { name: 'b' }] };
    const patch = { list: [{ name: 'a', y: 2 }, { name: 'b', $patch: 'delete' }, { name: 'c' }] };
    expect(patched(target, patch)).toEqual({ list: [{ name: 'a', x: 1, y: 2 }, { name: 'c' }] });
  });

  it('adds to a list of plain values, and takes from it', () => {
    const target = { set: ['a', 'b'] };
    expect(patched(target, { set: ['b', 'c'] })).toEqual({ set: ['a', 'b', 'c'] });
    expect(patched(target, { '$deleteFromPrimitiveList/set': ['a'] })).toEqual({ set: ['b'] });
  });

  it('puts a list in the order that is told', () => {
    const target = { list: [{ name: 'a' }, { name: 'b' }] };
    const order = [{ name: 'c' }, { name: 'b' }, { name: 'a' }];
    const patch = { list: [{ name: 'c' }], '$setElementOrder/list': order };
    expect(patched(target, patch)).toEqual({ list: order });
  });

  it('replaces a map or a list whole, and keeps only what is to be retained', () => {
    expect(patched({ m: { a: 1 } }, { m: { $patch: 'replace', b: 2 } })).toEqual({ m: { b: 2 } });
    const list = [{ $patch: 'replace' }, { name: 'z' }];
    expect(patched({ list: [{ name: 'a' }] }, { list })).toEqual({ list: [{ name: 'z' }] });
    const retained = { m: { $retainKeys: ['b', 'c'], c: 3 } };
    expect(patched({ m: { a: 1, b: 2 } }, retained)).toEqual({ m: { b: 2, c: 3 } });
  });

  it('is refused where an item lacks its key or a directive is unknown', () => {
    expect(patched({}, { list: [{ x: 1 }] })).toContain('merge key: name');
    expect(patched({}, { $patch: 'explode' })).toContain('unknown patch type');
  });
});
