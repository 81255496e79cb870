import { describe, expect, it } from 'vitest';

import { isRecord } from '#shared/lib/canonical.ts';
import type { ResourceDefinition } from '../store/types.ts';
import { definitionOfCrd } from './crd-definition.ts';
import { loadCrds } from './load-crds.ts';

const ours = definitionsIn('deploy/crds');
const sandbox = definitionsIn('services/sandbox/crds');

const scale = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.labelSelector',
};

describe('the definitions of the two kinds of sets', () => {
  it('name the pool as KubeVirt does, in both versions', () => {
    const pool = named(ours, 'VirtualMachinePool');
    expect(pool).toMatchObject({
      group: 'pool.kubevirt.io',
      plural: 'virtualmachinepools',
      singular: 'virtualmachinepool',
      listKind: 'VirtualMachinePoolList',
      shortNames: ['vmpool', 'vmpools'],
      categories: ['all'],
      namespaced: true,
      custom: true,
    });
    expect(pool.versions.map(({ name, served, storage }) => ({ name, served, storage }))).toEqual([
      { name: 'v1beta1', served: true, storage: true },
      { name: 'v1alpha1', served: true, storage: false },
    ]);
  });

  it('name the replica set as KubeVirt does', () => {
    const set = named(ours, 'VirtualMachineInstanceReplicaSet');
    expect(set).toMatchObject({
      group: 'kubevirt.io',
      plural: 'virtualmachineinstancereplicasets',
      singular: 'virtualmachineinstancereplicaset',
      shortNames: ['vmirs', 'vmirss'],
      categories: ['all'],
    });
    expect(set.versions.map(({ name }) => name)).toEqual(['v1']);
  });

  it('have status, scale and the four columns in every version', () => {
    for (const version of ours.flatMap(({ versions }) => versions)) {
      expect(version.status).toBe(true);
      expect(version.scale).toEqual(scale);
      expect(version.columns.map(({ name, type, jsonPath }) => [name, type, jsonPath])).toEqual([
        ['Desired', 'integer', '.spec.replicas'],
        ['Current', 'integer', '.status.replicas'],
        ['Ready', 'integer', '.status.readyReplicas'],
        ['Age', 'date', '.metadata.creationTimestamp'],
      ]);
    }
  });

  it('describe each field of spec and status', () => {
    for (const version of ours.flatMap(({ versions }) => versions)) {
      expect(undescribed(version.schema ?? {}, '')).toEqual([]);
    }
  });

  it('do not ask for virtualMachineTemplate, since template is a spelling of it', () => {
    for (const { schema } of named(ours, 'VirtualMachinePool').versions) {
      expect(at(schema, 'properties', 'spec', 'required')).toEqual(['selector']);
    }
  });
});

describe('the definitions that the sandbox adds', () => {
  it('give an instance no status subresource, and a machine one', () => {
    const statuses = sandbox.map(({ kind, versions }) => [kind, versions[0]?.status]);
    expect(Object.fromEntries(statuses)).toEqual({
      DataVolume: true,
      VirtualMachine: true,
      VirtualMachineInstance: false,
    });
  });
});

const real = process.env['ROLLCALL_KUBEVIRT_CRDS'];

describe.skipIf(real === undefined)(
  'our definitions beside KubeVirt’s (ROLLCALL_KUBEVIRT_CRDS)',
  () => {
    // A skipped suite still runs this function, so nothing is read without a folder.
    const theirs =
      real === undefined ? [] : [...definitionsIn('kubevirt', real), ...definitionsIn('cdi', real)];

    it.each([...ours, ...sandbox].map(({ kind }) => kind))('agree on %s', (kind) => {
      const mine = named([...ours, ...sandbox], kind);
      const original = named(theirs, kind);
      const { versions: myVersions, ...names } = mine;
      expect(names).toEqual({ ...original, versions: undefined });
      for (const version of myVersions) {
        const counterpart = original.versions.find(({ name }) => name === version.name);
        expect(facts(version)).toEqual(counterpart && facts(counterpart));
      }
    });

    it('leave out only versions that are deprecated', () => {
      const left = [...ours, ...sandbox].flatMap(({ kind, versions }) =>
        named(theirs, kind).versions.filter(({ name }) =>
          versions.every((one) => one.name !== name),
        ),
      );
      expect(left.map(({ name }) => name)).toEqual(['v1alpha3', 'v1alpha3', 'v1alpha3']);
      expect(left.every(({ deprecated }) => deprecated)).toBe(true);
    });
  },
);

function facts(version: ResourceDefinition['versions'][number]): object {
  const { name, served, storage, status, columns } = version;
  const shown = columns.map(({ description: _description, ...column }) => column);
  return { name, served, storage, status, scale: version.scale, columns: shown };
}

function definitionsIn(folder: string, root = '.'): readonly ResourceDefinition[] {
  const base = root === '.' ? new URL('../../../', import.meta.url).pathname : root;
  return loadCrds(`${base}/${folder}`).filter(isRecord).map(definitionOfCrd);
}

function named(definitions: readonly ResourceDefinition[], kind: string): ResourceDefinition {
  const found = definitions.find((definition) => definition.kind === kind);
  if (found === undefined) throw new Error(`no definition of ${kind}`);
  return found;
}

/** Paths of properties without a description; `metadata` belongs to Kubernetes. */
function undescribed(schema: Readonly<Record<string, unknown>>, path: string): readonly string[] {
  const { properties, items } = schema;
  const inList = isRecord(items) ? undescribed(items, `${path}[]`) : [];
  const named = isRecord(properties) ? Object.entries(properties) : [];
  const inFields = named.flatMap(([name, part]) => {
    if (!isRecord(part)) return [];
    const missing = part['description'] === undefined && `${path}.${name}` !== '.metadata';
    return [...(missing ? [`${path}.${name}`] : []), ...undescribed(part, `${path}.${name}`)];
  });
  return [...inFields, ...inList];
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((here, name) => (isRecord(here) ? here[name] : undefined), value);
}
