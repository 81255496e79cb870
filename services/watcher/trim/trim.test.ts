import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RawObject } from '#shared/cluster/cluster.ts';
import { digestKeyOf, digestVmTemplate } from '#shared/cluster/template-digest.ts';
import { kinds } from '#shared/contract/kinds.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import { observableSchema } from '#shared/contract/objects.ts';
import type { Observable } from '#shared/contract/objects.ts';
import { fieldManager } from '#shared/contract/words.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import { canary, samples, vmTemplate } from '../testing/samples.ts';
import { trim } from './trim.ts';

const key = digestKeyOf(Buffer.alloc(32, 1));

function trimmed(kind: Kind, changes: Readonly<Record<string, unknown>> = {}): Observable {
  return trim(kind, { ...samples[kind], ...changes }, key);
}

function pool(spec: Readonly<Record<string, unknown>>): Observable {
  return trimmed('VirtualMachinePool', { spec });
}

test.each(kinds)('of a %s what is told is as the contract has it, and no canary', (kind) => {
  const told = trimmed(kind);
  expect(observableSchema.parse(told)).toEqual(told);
  expect(JSON.stringify(told)).not.toContain(canary);
});

/** Where strings may stand, and keys may be anything: the allow-list, written a second time. */
const free =
  /^metadata\.(?:namespace|name|uid|resourceVersion|creationTimestamp|labels(?:\..*)?|finalizers\.\d+|ownerReferences\.\d+\.(?:apiVersion|kind|name|uid)|annotations\.(?:rollcall\.dev\/|kubevirt\.io\/(?:latest|storage)-observed).*|managedFields\.\d+\.(?:manager|operation|subresource|time))$|^spec\.(?:selector\..*|runStrategy|storageClassName|volumeName|(?:scaleIn|update)Strategy\.proactive\.selectionPolicy\.selectors\..*|persistentVolumeReclaimPolicy|claimRef\..*|(?:storage\.)?resources\.requests\.storage|storage\.storageClassName|capacity\.storage)$|^status\.(?:phase|nodeName|(?:current|update)Revision|claimName|labelSelector|printableStatus|capacity\.storage|conditions\.\d+\.(?:type|status|reason|lastProbeTime|lastTransitionTime))$|(?:^spec|emplate)\.metadata\.(?:labels(?:\..*)?|generateName)$|(?:spec|emplate)\.runStrategy$|(?:^spec|emplate\.spec)\.nodeSelector(?:\..*)?$|(?:^spec|emplate\.spec)\.volumes\.\d+\.(?:dataVolume\.name|persistentVolumeClaim\.claimName)$|dataVolumeTemplates\.\d+\.(?:metadata\.name|spec\.storage\.(?:resources\.requests\.storage|storageClassName))$/;

/** The object with `secret` in place of every other string, and as key and value at every level. */
function salted(value: unknown, path: string, secret: string): unknown {
  if (free.test(path)) return value;
  const below = path === '' ? '' : `${path}.`;
  if (Array.isArray(value)) {
    return value.map((item, index) => salted(item, `${below}${index}`, secret));
  }
  if (isRecord(value)) {
    const fields = Object.entries(value).map(([name, field]) => [
      name,
      salted(field, `${below}${name}`, secret),
    ]);
    return {
      ...Object.fromEntries(fields),
      [secret]: secret,
      [`x${secret}`]: { [secret]: secret },
    };
  }
  return typeof value === 'string' ? secret : value;
}

test('no string outside the allow-list is ever told, whatever it is and wherever it stands', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme-ascii' }),
      (kind, noise) => {
        const secret = `§${noise}`;
        const raw = salted(samples[kind], '', secret);
        const told = JSON.stringify(trim(kind, Object(raw), key));
        expect(told).not.toContain(JSON.stringify(secret).slice(1, -1));
      },
    ),
  );
});

test('whatever stands in an object, what is told of it is as the contract has it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.record({ spec: fc.jsonValue(), status: fc.jsonValue(), data: fc.jsonValue() }),
      fc.dictionary(
        fc.constantFrom(
          'labels',
          'annotations',
          'ownerReferences',
          'managedFields',
          'generation',
          'creationTimestamp',
          'deletionTimestamp',
          'finalizers',
        ),
        fc.jsonValue(),
      ),
      (kind, rest, odd) => {
        const metadata = { ...samples[kind].metadata, ...odd };
        observableSchema.parse(JSON.parse(JSON.stringify(trim(kind, { ...rest, metadata }, key))));
      },
    ),
  );
});

test('a pool is told with what decisions need in clear', () => {
  expect(trimmed('VirtualMachinePool')).toMatchObject({
    meta: { annotations: { 'rollcall.dev/mode': 'manage' }, owners: [{ uid: 'uid-of-web' }] },
    replicas: 3,
    paused: false,
    template: {
      digest: digestVmTemplate(vmTemplate, key),
      labels: { app: 'web' },
      nodeSelector: { zone: 'a' },
      runStrategy: 'Always',
      disks: [{ name: 'root', storageClass: 'fast', size: '10Gi' }],
      claims: [
        { kind: 'DataVolume', name: 'root' },
        { kind: 'PersistentVolumeClaim', name: 'shared' },
      ],
    },
    nameGeneration: { appendIndexToSecretRefs: true },
    minReadySeconds: 5,
    scaleIn: { type: 'proactive', preservation: 'Offline', selection: { sort: 'Oldest' } },
    update: { type: 'proactive', selection: { labels: { matchLabels: { tier: 'front' } } } },
    maxUnavailable: '25%',
    healing: { failures: 2, failingMs: 600_000 },
    status: { replicas: 2, readyReplicas: 1, currentRevision: 'web-1', updateRevision: 'web-2' },
    replicasBy: { manager: 'kubectl', subresource: 'scale', time: '2026-11-21T11:00:00Z' },
    createdBy: { manager: 'kubectl-create', time: '2026-11-21T10:00:00Z' },
  });
});

test('both spellings of a pool template read alike', () => {
  expect(pool({ template: vmTemplate })).toEqual(pool({ virtualMachineTemplate: vmTemplate }));
});

test.each([
  [{ template: vmTemplate, virtualMachineTemplate: vmTemplate }, /both set/],
  [{ replicas: 3, template: null }, /is missing/],
])('a pool with both spellings, or none, has a problem and no template', (spec, problem) => {
  const told = pool(spec);
  expect(told).toMatchObject({ problem: expect.stringMatching(problem) });
  expect(told).not.toHaveProperty('template');
});

test.each(['3', 1.5, 2 ** 31])('replicas of %j are a problem, not the default of 1', (replicas) => {
  expect(pool({ replicas, template: vmTemplate })).toMatchObject({
    problem: 'spec.replicas is not a whole number',
  });
});

test('a reference to what no object can be stays a reference', () => {
  const owner = { apiVersion: 'v1', kind: 'Secret', name: 'x' };
  const uids = ['x'.repeat(3_000), 'a\0b', '\ud800'];
  const claim = trimmed('PersistentVolumeClaim', {
    metadata: {
      ...samples.PersistentVolumeClaim.metadata,
      ownerReferences: uids.map((uid) => ({ ...owner, uid })),
    },
  });
  expect(observableSchema.parse(claim).meta.owners.map(({ uid }) => uid)).toEqual([
    'x'.repeat(253),
    'a\ufffdb',
    '\ufffd',
  ]);
});

test.each([
  ['2026-11-21T12:00:00+02:00', '2026-11-21T10:00:00.000Z'],
  ['the year 12026 or so, I think', '1970-01-01T00:00:00Z'],
])('a creation at %s is told in a spelling that the book can keep', (written, told) => {
  const metadata = { ...samples.VirtualMachine.metadata, creationTimestamp: written };
  expect(observableSchema.parse(trimmed('VirtualMachine', { metadata })).meta.createdAt).toBe(told);
});

test.each([
  [{ name: 'a', generateName: 'b' }, 'a'],
  [{ generateName: 'b-' }, 'b-'],
  [{ name: '' }, 'group'],
])('member names of a replica set begin as its template %j says', (metadata, namePrefix) => {
  const told = trimmed('VirtualMachineInstanceReplicaSet', { spec: { template: { metadata } } });
  expect(told).toMatchObject({ template: { namePrefix } });
});

test('a message in a status is told only when Rollcall wrote it', () => {
  const managedFields = [
    { manager: fieldManager, fieldsV1: { 'f:status': { 'f:conditions': {} } } },
  ];
  const metadata = { ...samples.VirtualMachinePool.metadata, managedFields };
  const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'ours' }];
  const told = trimmed('VirtualMachinePool', { metadata, status: { conditions } });
  expect(told).toMatchObject({ status: { conditions } });
  expect(JSON.stringify(trimmed('VirtualMachinePool', { status: { conditions } }))).not.toContain(
    'ours',
  );
});

test("a set tells when KubeVirt's controller last wrote its status, and of no other writer", () => {
  const time = '2026-11-21T12:00:00Z';
  const entry = (manager: string, part: string) => ({
    manager,
    time,
    fieldsV1: { [part]: { 'f:replicas': {} } },
  });
  const toldWith = (...managedFields: unknown[]) =>
    trimmed('VirtualMachineInstanceReplicaSet', {
      metadata: { ...samples.VirtualMachineInstanceReplicaSet.metadata, managedFields },
    });
  expect(toldWith(entry('virt-controller', 'f:status'))).toMatchObject({ kubevirtWroteAt: time });
  expect(
    toldWith(entry('virt-controller', 'f:spec'), entry(fieldManager, 'f:status')),
  ).not.toHaveProperty('kubevirtWroteAt');
});

test('a VM tells its disks, claims, readiness and failures to start', () => {
  expect(trimmed('VirtualMachine')).toMatchObject({
    runStrategy: 'Always',
    disks: [{ name: 'root' }],
    claims: [{ name: 'root' }, { name: 'shared' }],
    printableStatus: 'Running',
    ready: { status: 'True', reason: 'Fine', lastProbeTime: null },
    consecutiveFailCount: 2,
    vmiLabels: { app: 'web' },
    nodeSelector: { zone: 'a' },
  });
  expect(trimmed('VirtualMachine', { spec: { running: false } })).toMatchObject({
    runStrategy: 'Halted',
  });
});

test('a claim tells the size it was given, a volume whose claim it is', () => {
  expect(trimmed('PersistentVolumeClaim')).toMatchObject({ size: '11Gi', volumeName: 'pv-1' });
  expect(trimmed('PersistentVolume')).toMatchObject({
    meta: { namespace: '' },
    claim: { namespace: 'shop', name: 'root-0', uid: 'uid-of-root-0' },
    reclaimPolicy: 'Delete',
  });
});

test('a revision has the digest of the template that it keeps, in either spelling', () => {
  const digest = digestVmTemplate(vmTemplate, key);
  expect(trimmed('ControllerRevision')).toMatchObject({ revision: 3, digest });
  const shorter = { data: { template: vmTemplate } };
  expect(trimmed('ControllerRevision', shorter)).toMatchObject({ digest });
  const foreign = { data: { spec: { template: {} } } };
  expect(trimmed('ControllerRevision', foreign)).not.toHaveProperty('digest');
});

test('an annotation of ours is cut, so that nobody carries a template in it', () => {
  const annotations = { 'rollcall.dev/note': 'x'.repeat(1000) };
  const metadata = { ...samples.VirtualMachine.metadata, annotations };
  const told = trimmed('VirtualMachine', { metadata });
  expect(told.meta.annotations['rollcall.dev/note']).toHaveLength(256);
});

test('an object that no message could carry is told without what makes it large', () => {
  const labels = Object.fromEntries(
    Array.from({ length: 9_000 }, (_, n) => [`k${n}`, 'v'.repeat(60)]),
  );
  const large = { ...vmTemplate, metadata: { labels } };
  const told = pool({ replicas: 3, template: large });
  expect(JSON.stringify(told).length).toBeLessThan(10_000);
  expect(told).toMatchObject({ replicas: 3, problem: 'the object is too large to be handled' });
  expect(told).not.toHaveProperty('template');
  const metadata = { ...samples.VirtualMachine.metadata, labels };
  const vm = trimmed('VirtualMachine', { metadata });
  expect(observableSchema.parse(vm)).toMatchObject({
    meta: { labels: {} },
    disks: [{ name: 'root' }],
  });
});

test('a version that is not a number is refused, with a sentence for the operator', () => {
  const raw: RawObject = { metadata: { name: 'a', uid: 'u', resourceVersion: 'abc' } };
  expect(() => trim('VirtualMachine', raw, key)).toThrow(RefusalError);
  expect(() => trim('VirtualMachine', raw, key)).toThrow(/is not a number/);
});
