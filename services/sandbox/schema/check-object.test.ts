import { describe, expect, it } from 'vitest';

import { isRecord } from '#shared/lib/canonical.ts';
import type { ResourceVersionDefinition } from '../store/types.ts';
import { checkObject } from './check-object.ts';
import { definitionOfCrd } from './crd-definition.ts';
import { loadCrds } from './load-crds.ts';
import type { Schema } from './structural.ts';

const folder = new URL('../../../deploy/crds/', import.meta.url).pathname;
const pool = versionNamed('VirtualMachinePool', 'v1beta1');

describe('checkObject on a pool', () => {
  it('accepts a whole pool and gives it back as it came', () => {
    const object = aPool({ paused: false, maxUnavailable: '50%' });
    expect(checkObject(pool, object)).toEqual({ object, causes: [], unknown: [] });
  });

  it('names a wrong type in the words of the API server, and the number behind the scale again', () => {
    expect(causesOf({ replicas: 'three' })).toEqual([
      [
        'spec.replicas',
        'FieldValueTypeInvalid',
        'Invalid value: "string": spec.replicas in body must be of type integer: "string"',
      ],
      [
        '.spec.replicas',
        'FieldValueInvalid',
        'Invalid value: 0: .spec.replicas accessor error: three is of the type string, expected int64',
      ],
      unchecked,
    ]);
  });

  it('names a fraction by its Go type', () => {
    expect(causesOf({ replicas: 1.5 })).toEqual([
      [
        'spec.replicas',
        'FieldValueTypeInvalid',
        'Invalid value: "float64": spec.replicas in body must be of type int32: "float64"',
      ],
      [
        '<nil>',
        'FieldValueInvalid',
        'Invalid value: "": Checked value must be of type integer with format int32 in spec.replicas',
      ],
      [
        '.spec.replicas',
        'FieldValueInvalid',
        'Invalid value: 0: .spec.replicas accessor error: 1.5 is of the type float64, expected int64',
      ],
      unchecked,
    ]);
  });

  it('refuses a negative size twice, and checks the rules all the same', () => {
    expect(causesOf({ replicas: -1 })).toEqual([
      [
        'spec.replicas',
        'FieldValueInvalid',
        'Invalid value: -1: spec.replicas in body should be greater than or equal to 0',
      ],
      [
        '.spec.replicas',
        'FieldValueInvalid',
        'Invalid value: -1: should be a non-negative integer',
      ],
    ]);
  });

  it('refuses a size beyond 32 bits', () => {
    expect(causesOf({ replicas: 3000000000 })).toEqual([
      [
        '<nil>',
        'FieldValueInvalid',
        'Invalid value: "": Checked value must be of type integer with format int32 in spec.replicas',
      ],
      [
        '.spec.replicas',
        'FieldValueInvalid',
        'Invalid value: 3000000000: should be less than or equal to 2147483647',
      ],
    ]);
  });

  it('treats a null that is not allowed as a field that is not there', () => {
    expect(checkObject(pool, aPool({ replicas: null })).object).toEqual(aPool({}, ['replicas']));
    expect(causesOf({ selector: null })).toEqual([
      ['spec.selector', 'FieldValueRequired', 'Required value'],
      unchecked,
    ]);
  });

  it('keeps creationTimestamp: null in the metadata of a template', () => {
    const template = { metadata: { creationTimestamp: null, labels: { a: 'b' } } };
    const { object, causes } = checkObject(pool, aPool({ virtualMachineTemplate: template }));
    expect(causes).toEqual([]);
    expect(object).toEqual(aPool({ virtualMachineTemplate: template }));
  });

  it('puts missing fields behind wrong ones', () => {
    const causes = causesOf({ replicas: -1, paused: 'x', selector: undefined });
    expect(causes.map(([field]) => field)).toEqual([
      'spec.replicas',
      'spec.paused',
      'spec.selector',
      '.spec.replicas',
      '<nil>',
    ]);
  });

  it('lists the values an enumeration allows', () => {
    const selectionPolicy = { sortPolicy: 'Bogus' };
    expect(causesOf({ scaleInStrategy: { proactive: { selectionPolicy } } })[0]).toEqual([
      'spec.scaleInStrategy.proactive.selectionPolicy.sortPolicy',
      'FieldValueNotSupported',
      'Unsupported value: "Bogus": supported values: "AscendingOrder", "DescendingOrder", "Newest", "Oldest", "Random"',
    ]);
  });

  it('refuses what is neither number nor text three times over, as the API server does', () => {
    expect(causesOf({ maxUnavailable: {} })).toEqual([
      [
        'spec.maxUnavailable',
        'FieldValueTypeInvalid',
        'Invalid value: "object": spec.maxUnavailable in body must be of type integer,string: "object"',
      ],
      [
        '<nil>',
        'FieldValueInvalid',
        'Invalid value: "": "spec.maxUnavailable" must validate at least one schema (anyOf)',
      ],
      [
        'spec.maxUnavailable',
        'FieldValueTypeInvalid',
        'Invalid value: "object": spec.maxUnavailable in body must be of type integer: "object"',
      ],
      unchecked,
    ]);
  });

  it('writes list positions in brackets', () => {
    const selector = { matchExpressions: [{ key: 'a' }] };
    expect(causesOf({ selector })[0]).toEqual([
      'spec.selector.matchExpressions[0].operator',
      'FieldValueRequired',
      'Required value',
    ]);
  });

  it('refuses both spellings of the template at once with a clear sentence', () => {
    expect(causesOf({ template: {} })).toEqual([
      [
        'spec',
        'FieldValueInvalid',
        'Invalid value: "object": template is a spelling of virtualMachineTemplate, give only one of the two',
      ],
    ]);
    expect(causesOf({ template: {}, virtualMachineTemplate: undefined })).toEqual([]);
  });

  it('removes unknown fields and names their paths in order, but says nothing of metadata', () => {
    const object = {
      ...aPool({ nosuch: 1, virtualMachineTemplate: { spec: { kept: 1 }, odd: { a: 1 } } }),
      extra: true,
      metadata: { name: 'p', nosuchmeta: 1 },
    };
    const checked = checkObject(pool, object);
    expect(checked.unknown).toEqual(['extra', 'spec.nosuch', 'spec.virtualMachineTemplate.odd']);
    expect(checked.object).toEqual({
      ...aPool({ virtualMachineTemplate: { spec: { kept: 1 } } }),
      metadata: { name: 'p', nosuchmeta: 1 },
    });
  });

  it('does not lose a field named __proto__ in an open part, and is not misled by it', () => {
    const spec: unknown = JSON.parse('{"__proto__": {"polluted": true}}');
    const { object } = checkObject(pool, aPool({ virtualMachineTemplate: { spec } }));
    expect(JSON.stringify(object)).toContain('"__proto__":{"polluted":true}');
  });
});

describe('checkObject on small schemas', () => {
  it('fills in defaults, also where null is not allowed, and inside of defaults', () => {
    const schema = {
      type: 'object',
      properties: {
        size: { type: 'integer', default: 3 },
        maybe: { type: 'string', nullable: true, default: 'x' },
        nested: {
          type: 'object',
          default: {},
          properties: { name: { type: 'string', default: '' } },
        },
      },
    };
    expect(checkObject(version(schema), { size: null, maybe: null }).object).toEqual({
      size: 3,
      maybe: null,
      nested: { name: '' },
    });
  });

  it('refuses a default-less null in a list', () => {
    const schema = { properties: { names: { type: 'array', items: { type: 'string' } } } };
    const [cause] = checkObject(version(schema), { names: ['a', null] }).causes;
    expect(cause?.message).toBe(
      'Invalid value: "null": names[1] in body must be of type string: "null"',
    );
  });

  it('refuses a number that is not written as a quantity', () => {
    const pattern = '^[0-9]+(Mi|Gi)?$';
    const quantity = { anyOf: [{ type: 'integer' }, { type: 'string' }], pattern };
    const values = { ...quantity, 'x-kubernetes-int-or-string': true };
    const schema = {
      properties: { requests: { type: 'object', additionalProperties: values } },
    };
    const { causes } = checkObject(version(schema), { requests: { memory: '1Qi', cpu: 2 } });
    expect(causes).toEqual([
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: "1Qi": requests.memory in body should match '${pattern}'`,
        field: 'requests.memory',
      },
    ]);
  });

  it('lets everything through where there is no schema', () => {
    const bare = { name: 'v1', served: true, storage: true, status: false, columns: [] };
    const object = { any: { thing: null } };
    expect(checkObject(bare, object)).toEqual({ object, causes: [], unknown: [] });
  });
});

const unchecked = [
  '<nil>',
  'FieldValueInvalid',
  'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
];

function causesOf(spec: Readonly<Record<string, unknown>>): readonly (readonly string[])[] {
  const { causes } = checkObject(pool, JSON.parse(JSON.stringify(aPool(spec))));
  return causes.map(({ field, reason, message }) => [field, reason, message]);
}

function aPool(spec: Readonly<Record<string, unknown>>, without: readonly string[] = []): object {
  const labels = { p: 'x' };
  const all: Readonly<Record<string, unknown>> = {
    replicas: 1,
    selector: { matchLabels: labels },
    virtualMachineTemplate: {
      metadata: { labels },
      spec: { runStrategy: 'Halted', template: { spec: { domain: { devices: {} } } } },
    },
    ...spec,
  };
  const kept = Object.entries(all).filter(([name]) => !without.includes(name));
  return {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name: 'p' },
    spec: Object.fromEntries(kept),
  };
}

function version(schema: Schema): ResourceVersionDefinition {
  return { name: 'v1', served: true, storage: true, schema, status: false, columns: [] };
}

function versionNamed(kind: string, name: string): ResourceVersionDefinition {
  const definitions = loadCrds(folder).filter(isRecord).map(definitionOfCrd);
  const found = definitions
    .find((definition) => definition.kind === kind)
    ?.versions.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${folder} has no ${kind} ${name}`);
  return found;
}
