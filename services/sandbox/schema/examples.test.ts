import { describe, expect, it } from 'vitest';

import { isRecord } from '#shared/lib/canonical.ts';
import type { ResourceDefinition } from '../store/types.ts';
import { builtinDefinitions } from './builtin-kinds.ts';
import { checkObject } from './check-object.ts';
import { definitionOfCrd } from './crd-definition.ts';
import { loadCrds } from './load-crds.ts';
import type { Checked } from './types.ts';

const root = new URL('../../../', import.meta.url).pathname;
const examples = objectsIn(`${root}/deploy/examples`);

describe('the examples', () => {
  it.each(examples.map((object) => [labelOf(object), object] as const))(
    '%s fits our definitions without an unknown field',
    (_label, object) => {
      const definitions = [...builtinDefinitions, ...definitionsIn(`${root}/deploy/crds`)];
      const { causes, unknown } = check(definitions, object);
      expect({ causes, unknown }).toEqual({ causes: [], unknown: [] });
    },
  );
});

const real = process.env['ROLLCALL_KUBEVIRT_CRDS'];

/** What KubeVirt's own definition drops of an example, or refuses. */
const differences: Readonly<Record<string, Partial<Checked>>> = {
  'VirtualMachinePool postgres-cluster': {
    unknown: ['spec.updateStrategy.rollingUpdate', 'spec.updateStrategy.type'],
  },
  'VirtualMachinePool my-vm-pool': {
    unknown: ['spec.template', 'spec.updateStrategy.rollingUpdate', 'spec.updateStrategy.type'],
    causes: [
      {
        field: 'spec.virtualMachineTemplate',
        reason: 'FieldValueRequired',
        message: 'Required value',
      },
    ],
  },
};

describe.skipIf(real === undefined)('the examples beside KubeVirt (ROLLCALL_KUBEVIRT_CRDS)', () => {
  // A skipped suite still runs this function, so nothing is read without a folder.
  const theirs = real === undefined ? [] : definitionsIn(`${real}/kubevirt`);
  const definitions = [...builtinDefinitions, ...theirs];

  it.each(examples.map((object) => [labelOf(object), object] as const))(
    '%s fits but for the fields listed',
    (label, object) => {
      const { causes, unknown } = check(definitions, object);
      const named = causes.filter(({ field }) => field !== '<nil>');
      expect({ causes: named, unknown }).toEqual({
        causes: [],
        unknown: [],
        ...differences[label],
      });
    },
  );
});

function check(definitions: readonly ResourceDefinition[], object: Fields): Checked {
  const apiVersion = String(object['apiVersion']);
  const [version, group = ''] = apiVersion.split('/').toReversed();
  const found = definitions
    .find((one) => one.group === group && one.kind === object['kind'])
    ?.versions.find(({ name }) => name === version);
  if (found === undefined) throw new Error(`${apiVersion} ${String(object['kind'])} is not served`);
  return checkObject(found, object);
}

type Fields = Readonly<Record<string, unknown>>;

function labelOf(object: Fields): string {
  const { kind, metadata } = object;
  return `${String(kind)} ${isRecord(metadata) ? String(metadata['name']) : ''}`;
}

function objectsIn(folder: string): readonly Fields[] {
  return loadCrds(folder).filter(isRecord);
}

function definitionsIn(folder: string): readonly ResourceDefinition[] {
  return objectsIn(folder).map(definitionOfCrd);
}
