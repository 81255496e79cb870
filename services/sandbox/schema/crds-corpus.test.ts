import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admit } from '#shared/core/admission/admit.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { ResourceDefinition } from '../store/types.ts';
import { checkObject } from './check-object.ts';
import { definitionOfCrd } from './crd-definition.ts';
import { loadCrds } from './load-crds.ts';
import { refusedByKubeVirt } from './testing/kubevirt-admission.ts';
import { mutated, pools, replicaSets } from './testing/set-corpus.ts';

/**
 * What KubeVirt lets in, our definitions and our webhook let in too. KubeVirt's own definitions are found
 * through ROLLCALL_KUBEVIRT_CRDS; without it this is left out, and says so.
 */

const root = new URL('../../../', import.meta.url).pathname;
const real = process.env['ROLLCALL_KUBEVIRT_CRDS'];
const ours = definitionsIn(`${root}/deploy/crds`);
const theirs = real === undefined ? [] : definitionsIn(`${real}/kubevirt`);

type Fields = Readonly<Record<string, unknown>>;

/** What we refuse though KubeVirt lets it in, and why; nothing else. */
const differences: readonly Difference[] = [
  {
    name: 'a template in both spellings, of which KubeVirt drops the one it does not know',
    applies: (object) => isThere(object, 'spec.template') && isPool(object),
    example: { ...aPool(), spec: { ...aPool().spec, template: {} } },
  },
  {
    name: 'a wrong value of a field that KubeVirt drops',
    applies: (object) =>
      [
        'spec.minReadySeconds',
        'spec.updateStrategy.type',
        'spec.updateStrategy.rollingUpdate',
        'spec.nameGeneration.setHostnameToVMName',
      ].some((path) => isThere(object, path)),
    example: { ...aPool(), spec: { ...aPool().spec, minReadySeconds: -1 } },
  },
  {
    name: 'a percentage with a sign or with more than three digits',
    applies: (object) => /^[-+]|^\d{4,}/.test(String(at(object, 'spec.maxUnavailable'))),
    example: { ...aPool(), spec: { ...aPool().spec, maxUnavailable: '+5%' } },
  },
  {
    name: 'healing after a negative time',
    applies: (object) =>
      String(at(object, 'spec.autohealing.minFailingToStartDuration')).startsWith('-'),
    example: {
      ...aPool(),
      spec: { ...aPool().spec, autohealing: { minFailingToStartDuration: '-5m' } },
    },
  },
  {
    name: 'two disks of one name, of which only one can be made',
    applies: (object) => {
      const disks = at(object, 'spec.virtualMachineTemplate.spec.dataVolumeTemplates');
      const names = Array.isArray(disks) ? disks.map((disk) => at(disk, 'metadata.name')) : [];
      return new Set(names).size < names.length;
    },
    example: aPool({ disks: ['data', 'data'] }),
  },
  {
    name: 'a replica set that selects every instance of its namespace',
    applies: (object) =>
      !isPool(object) &&
      isEmpty(at(object, 'spec.selector.matchLabels')) &&
      isEmpty(at(object, 'spec.selector.matchExpressions')),
    example: aReplicaSet({ selector: {} }),
  },
  {
    name: 'a replica set without labels on its template, which KubeVirt never acts on',
    applies: (object) => !isPool(object) && isEmpty(at(object, 'spec.template.metadata.labels')),
    example: aReplicaSet({
      selector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
      template: { spec: { domain: { devices: {} } } },
    }),
  },
  {
    name: 'an annotation of Rollcall with a value that says nothing',
    applies: (object) => isThere(object, 'metadata.annotations'),
    example: { ...aPool(), metadata: { annotations: { 'rollcall.dev/mode': 'mange' } } },
  },
];

type Difference = {
  readonly name: string;
  readonly applies: (object: unknown) => boolean;
  readonly example: Fields;
};

describe.skipIf(real === undefined)('beside KubeVirt (ROLLCALL_KUBEVIRT_CRDS)', () => {
  test.each([
    ['pools', pools, 300],
    ['replica sets', replicaSets, 200],
    ['changed pools', mutated(pools), 500],
    ['changed replica sets', mutated(replicaSets), 300],
  ] as const)(
    '%s that KubeVirt takes are taken here, but for those listed',
    (_name, corpus, runs) => {
      let taken = 0;
      const check = fc.property(corpus, (object) => {
        if (refusedThere(object) !== undefined) return;
        taken += 1;
        if (!isListed(object)) expect(refusedHere(object)).toBeUndefined();
      });
      fc.assert(check, { numRuns: runs });
      // A corpus of which nothing is ever taken would prove nothing.
      expect(taken).toBeGreaterThan(runs / 20);
    },
    60_000,
  );

  test.each(
    loadCrds(`${root}/deploy/examples`)
      .filter(isSetObject)
      .map((object) => [object]),
  )(
    'changes of an example that KubeVirt takes are taken here',
    (example) => {
      const check = fc.property(mutated(fc.constant(example)), (object) => {
        if (refusedThere(object) !== undefined || isListed(object)) return;
        expect(refusedHere(object)).toBeUndefined();
      });
      fc.assert(check, { numRuns: 100 });
    },
    60_000,
  );

  test.each(differences.map((difference) => [difference.name, difference] as const))(
    'KubeVirt takes %s, and we do not',
    (_name, { example, applies }) => {
      expect(refusedThere(example)).toBeUndefined();
      expect(refusedHere(example)).toBeDefined();
      expect(applies(example)).toBe(true);
    },
  );
});

test('every example is let in', () => {
  const refused = loadCrds(`${root}/deploy/examples`).filter(isSetObject).map(refusedHere);
  expect(refused.filter((why) => why !== undefined)).toEqual([]);
  expect(refused.length).toBeGreaterThan(5);
});

/** What the definition keeps of an object is what the webhook is shown. */
function refusedThere(object: unknown): string | undefined {
  const { object: kept, causes } = checkObject(versionFor(theirs, object), object);
  return causes[0]?.message ?? refusedByKubeVirt(kept);
}

function refusedHere(object: unknown): string | undefined {
  const { object: kept, causes } = checkObject(versionFor(ours, object), object);
  const kind = isPool(object) ? 'VirtualMachinePool' : 'VirtualMachineInstanceReplicaSet';
  const judged = admit({ kind, operation: 'CREATE', object: kept, oldObject: null, user: '' });
  const [first] = [...causes, ...judged.causes];
  return first === undefined ? undefined : `${first.field}: ${first.message}`;
}

/** As it is written, with the fields that KubeVirt drops; and as it is kept, without empty ones. */
function isListed(object: unknown): boolean {
  const { object: kept } = checkObject(versionFor(theirs, object), object);
  return differences.some(({ applies }) => applies(object) || applies(kept));
}

function versionFor(definitions: readonly ResourceDefinition[], object: unknown) {
  const version = String(at(object, 'apiVersion')).split('/')[1];
  const found = definitions
    .find(({ kind }) => kind === at(object, 'kind'))
    ?.versions.find(({ name }) => name === version);
  if (found === undefined)
    throw new Error(`${String(at(object, 'kind'))} ${version} is not served`);
  return found;
}

function aPool({ disks = ['data'] }: { readonly disks?: readonly string[] } = {}) {
  return {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      virtualMachineTemplate: {
        metadata: { labels: { app: 'web' } },
        spec: {
          runStrategy: 'Always',
          dataVolumeTemplates: disks.map((name) => ({ metadata: { name }, spec: { storage: {} } })),
          template: {
            spec: {
              domain: { devices: {} },
              volumes: [{ name: 'data', dataVolume: { name: 'data' } }],
            },
          },
        },
      },
    },
  };
}

function aReplicaSet(spec: Fields): Fields {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceReplicaSet',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { domain: { devices: {} } } },
      ...spec,
    },
  };
}

function definitionsIn(folder: string): readonly ResourceDefinition[] {
  return loadCrds(folder).filter(isRecord).map(definitionOfCrd);
}

function isSetObject(object: unknown): boolean {
  return ours.some(({ kind }) => kind === at(object, 'kind'));
}

function isPool(object: unknown): boolean {
  return at(object, 'kind') === 'VirtualMachinePool';
}

function isThere(object: unknown, path: string): boolean {
  const value = at(object, path);
  return value !== undefined && value !== null;
}

function isEmpty(value: unknown): boolean {
  return !isRecord(value) && !Array.isArray(value) ? true : Object.keys(value).length === 0;
}

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((here, name) => (isRecord(here) ? here[name] : undefined), value);
}
