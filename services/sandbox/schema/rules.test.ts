import { describe, expect, test } from 'vitest';

import { checkObject } from './check-object.ts';
import { compileRules } from './rules.ts';
import type { Schema } from './structural.ts';

type Asked = { readonly value: unknown; readonly old?: unknown };

/** The refusals of an object whose field `a` has a schema with rules, as `field: message`. */
function refusals(schema: Schema, { value, old }: Asked): readonly string[] {
  const whole = { type: 'object', properties: { a: schema } };
  const base = { name: 'v1', served: true, storage: true, status: false, columns: [] };
  const version = { ...base, schema: whole };
  const { causes } = checkObject(version, { a: value }, old === undefined ? undefined : { a: old });
  return causes.map(({ field, message }) => `${field}: ${message}`);
}

function ruled(type: string, ...rules: readonly (string | Schema)[]): Schema {
  const all = rules.map((rule) => (typeof rule === 'string' ? { rule } : rule));
  return { type, 'x-kubernetes-validations': all };
}

describe('rules of a schema', () => {
  test('refuse with their message, or else with themselves', () => {
    const schema = ruled('string', { rule: "self != ''", message: 'say something' }, 'self != "x"');
    expect(refusals(schema, { value: 'y' })).toEqual([]);
    expect(refusals(schema, { value: '' })).toEqual(['a: Invalid value: "string": say something']);
    expect(refusals(schema, { value: 'x' })).toEqual([
      'a: Invalid value: "string": failed rule: self != "x"',
    ]);
  });

  test('compare with what stood there, where something did', () => {
    const schema = ruled('string', { rule: 'self == oldSelf', message: 'stays as it is' });
    expect(refusals(schema, { value: 'b' })).toEqual([]);
    expect(refusals(schema, { value: 'b', old: 'b' })).toEqual([]);
    expect(refusals(schema, { value: 'b', old: 'a' })).toHaveLength(1);
  });

  test('count with whole numbers and tell by an expression', () => {
    const schema = {
      ...ruled('object', {
        rule: 'self.min <= self.max',
        messageExpression: "'min ' + string(self.min) + ' is above ' + string(self.max)",
        fieldPath: '.min',
        reason: 'FieldValueForbidden',
      }),
      properties: { min: { type: 'integer' }, max: { type: 'integer' } },
    };
    expect(refusals(schema, { value: { min: 1, max: 2 } })).toEqual([]);
    expect(refusals(schema, { value: { min: 3, max: 2 } })).toEqual([
      'a.min: Forbidden: "object": min 3 is above 2',
    ]);
  });

  test('are asked of each item and each value, items with keys with their own past', () => {
    const item = {
      ...ruled('object', { rule: 'self.size >= oldSelf.size', message: 'never shrinks' }),
      properties: { name: { type: 'string' }, size: { type: 'integer' } },
    };
    const keyed = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
    const list = { type: 'array', items: item, ...keyed };
    const old = [
      { name: 'x', size: 5 },
      { name: 'y', size: 1 },
    ];
    const value = [
      { name: 'y', size: 2 },
      { name: 'x', size: 3 },
    ];
    expect(refusals(list, { value, old })).toEqual([
      'a[1]: Invalid value: "object": never shrinks',
    ]);
    const map = { type: 'object', additionalProperties: ruled('string', "self.startsWith('/')") };
    expect(refusals(map, { value: { k: 'x' } })).toEqual([
      `a[k]: Invalid value: "string": failed rule: self.startsWith('/')`,
    ]);
  });

  test('know quantities, macros, and fields that may be missing', () => {
    const quantity = ruled('string', "quantity(self).isGreaterThan(quantity('100Mi'))");
    expect(refusals(quantity, { value: '1Gi' })).toEqual([]);
    expect(refusals(quantity, { value: '5M' })).toHaveLength(1);
    const listed = { ...ruled('array', "self.all(m, m in ['a', 'b'])"), items: { type: 'string' } };
    expect(refusals(listed, { value: ['a', 'c'] })).toHaveLength(1);
    const either = {
      ...ruled('object', '!(has(self.x) && has(self.y))'),
      properties: { x: { type: 'string' }, y: { type: 'string' } },
    };
    expect(refusals(either, { value: { x: '1' } })).toEqual([]);
    expect(refusals(either, { value: { x: '1', y: '2' } })).toHaveLength(1);
  });

  test('refuse what they cannot be asked of', () => {
    const schema = { ...ruled('object', 'self.x == 1'), properties: { x: { type: 'integer' } } };
    expect(refusals(schema, { value: {} })).toEqual([
      expect.stringMatching(/^a: .* evaluating rule: failed rule: self\.x == 1$/),
    ]);
  });

  test('are compiled when the schema is read', () => {
    expect(() => compileRules(ruled('string', 'self =='))).toThrow('compilation failed');
  });
});
