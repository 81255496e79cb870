import { describe, expect, it } from 'vitest';

import { aMachine, writesOf } from './testing/test-objects.ts';
import { aTestWorld, type TestWorld } from './testing/test-world.ts';

const blank = { blank: {} };
const registry = { registry: { url: 'docker://example.org/disk' } };

describe('the disks of a machine', () => {
  it('become a DataVolume, a bound claim and a volume each before the machine starts', () => {
    const world = aTestWorld();
    const machine = world.create('VirtualMachine', aMachineWithDisks('m', [registry, blank]));
    world.pass(2000);
    const volume = world.see('DataVolume', 'disk-0');
    expect(volume).toMatchObject({
      metadata: {
        labels: { 'kubevirt.io/created-by': machine.metadata.uid },
        ownerReferences: [
          { kind: 'VirtualMachine', name: 'm', controller: true, blockOwnerDeletion: true },
        ],
      },
      status: { phase: 'Succeeded', progress: '100.0%' },
    });
    const claim = world.see('PersistentVolumeClaim', 'disk-0');
    expect(claim).toMatchObject({
      metadata: {
        finalizers: ['kubernetes.io/pvc-protection'],
        ownerReferences: [{ kind: 'DataVolume', uid: volume?.metadata.uid, controller: true }],
      },
      spec: { storageClassName: 'ceph-rbd', volumeName: `pvc-${claim?.metadata.uid}` },
      status: { phase: 'Bound', capacity: { storage: '20Gi' } },
    });
    expect(world.see('PersistentVolume', `pvc-${claim?.metadata.uid}`)).toMatchObject({
      metadata: { finalizers: ['kubernetes.io/pv-protection'] },
      spec: {
        capacity: { storage: '20Gi' },
        storageClassName: 'ceph-rbd',
        persistentVolumeReclaimPolicy: 'Delete',
        claimRef: { namespace: 'default', name: 'disk-0', uid: claim?.metadata.uid },
      },
      status: { phase: 'Bound' },
    });
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'Running' },
    });
    const first = world.changes.find(({ object }) => object.kind === 'VirtualMachineInstance');
    const filled = world.changes.filter(
      ({ object }) =>
        object.kind === 'DataVolume' &&
        'status' in object &&
        /Succeeded/.test(JSON.stringify(object)),
    );
    expect(first?.resourceVersion).toBeGreaterThan(filled[1]?.resourceVersion ?? Infinity);
  });

  it('take two writes of the machine’s status, the first telling Provisioning', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachineWithDisks('m', [registry]));
    world.pass(2000);
    expect(writesOf(world, 'VirtualMachine', 'status.printableStatus')).toEqual([
      undefined,
      undefined,
      'Provisioning',
      'Running',
    ]);
    expect(writesOf(world, 'DataVolume', 'status.phase')).toEqual([
      undefined,
      'Pending',
      'ImportInProgress',
      'Succeeded',
    ]);
  });

  it('go with the machine: DataVolume, claim and volume', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachineWithDisks('m', [blank]));
    world.pass(2000);
    const claim = world.see('PersistentVolumeClaim', 'disk-0');
    world.remove('VirtualMachine', 'm');
    world.pass(2000);
    expect(world.see('DataVolume', 'disk-0')).toBeUndefined();
    expect(world.see('PersistentVolumeClaim', 'disk-0')).toBeUndefined();
    expect(world.see('PersistentVolume', `pvc-${claim?.metadata.uid}`)).toBeUndefined();
    expect(gone(world)).toEqual([
      'VirtualMachineInstance',
      'VirtualMachine',
      'DataVolume',
      'PersistentVolumeClaim',
      'PersistentVolume',
    ]);
  });

  it('come back empty under the same names for a machine that is made anew at once', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachineWithDisks('m', [blank]));
    world.pass(2000);
    const before = world.see('PersistentVolumeClaim', 'disk-0')?.metadata.uid;
    world.remove('VirtualMachine', 'm');
    while (world.see('VirtualMachine', 'm') !== undefined) world.pass(1);
    world.create('VirtualMachine', aMachineWithDisks('m', [blank]));
    world.pass(3000);
    const after = world.see('PersistentVolumeClaim', 'disk-0')?.metadata.uid;
    expect(after).toBeDefined();
    expect(after).not.toBe(before);
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'Running' },
    });
  });

  it('are adopted when a DataVolume of the name has no owner', () => {
    const world = aTestWorld();
    const { uid } = world.create('DataVolume', aDataVolume('disk-0')).metadata;
    world.pass(1000);
    const machine = world.create('VirtualMachine', aMachineWithDisks('m', [blank]));
    world.pass(1000);
    expect(world.see('DataVolume', 'disk-0')?.metadata).toMatchObject({
      uid,
      ownerReferences: [{ kind: 'VirtualMachine', uid: machine.metadata.uid, controller: true }],
    });
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'Running' },
    });
  });

  it('take over a claim of the name that was kept without an owner', () => {
    const world = aTestWorld();
    const { uid } = world.create('PersistentVolumeClaim', aClaim('disk-0')).metadata;
    world.pass(1000);
    world.create('VirtualMachine', aMachineWithDisks('m', [blank]));
    world.pass(1000);
    expect(world.see('PersistentVolumeClaim', 'disk-0')?.metadata).toMatchObject({
      uid,
      ownerReferences: [{ kind: 'DataVolume', controller: true }],
    });
    expect(world.see('DataVolume', 'disk-0')).toMatchObject({ status: { phase: 'Succeeded' } });
  });
});

describe('a claim', () => {
  it('is bound to a volume of its own, of the default class when it names none', () => {
    const world = aTestWorld();
    world.create('PersistentVolumeClaim', aClaim('c'));
    world.pass(1000);
    expect(world.see('PersistentVolumeClaim', 'c')).toMatchObject({
      metadata: { finalizers: ['kubernetes.io/pvc-protection'] },
      spec: { storageClassName: 'standard' },
      status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '5Gi' } },
    });
  });

  it('that is deleted stays until the instance on it has stopped', () => {
    const world = aTestWorld();
    world.create('PersistentVolumeClaim', aClaim('c'));
    world.create('VirtualMachine', aMachine('m', {}, { volumes: [volumeOn('c')] }));
    world.pass(1000);
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'Running' },
    });
    world.remove('PersistentVolumeClaim', 'c');
    world.pass(1000);
    expect(world.see('PersistentVolumeClaim', 'c')?.metadata.deletionTimestamp).toBeDefined();
    world.patch('VirtualMachine', 'm', { spec: { runStrategy: 'Halted' } });
    world.pass(1000);
    expect(world.see('PersistentVolumeClaim', 'c')).toBeUndefined();
    expect(gone(world).slice(-2)).toEqual(['PersistentVolumeClaim', 'PersistentVolume']);
  });

  it('that is missing keeps a machine at ErrorPvcNotFound until it comes', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m', {}, { volumes: [volumeOn('c')] }));
    world.pass(2000);
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'ErrorPvcNotFound', ready: false },
    });
    expect(world.see('VirtualMachineInstance', 'm')).toMatchObject({
      status: { phase: 'Pending' },
    });
    world.create('PersistentVolumeClaim', aClaim('c'));
    world.pass(2000);
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'Running' },
    });
  });
});

describe('a volume that is to be retained', () => {
  it('is told Released when its claim is gone', () => {
    const world = aTestWorld();
    const { uid } = world.create('PersistentVolumeClaim', aClaim('c')).metadata;
    world.pass(1000);
    world.patch('PersistentVolume', `pvc-${uid}`, {
      spec: { persistentVolumeReclaimPolicy: 'Retain' },
    });
    world.remove('PersistentVolumeClaim', 'c');
    world.pass(1000);
    expect(world.see('PersistentVolumeClaim', 'c')).toBeUndefined();
    expect(world.see('PersistentVolume', `pvc-${uid}`)).toMatchObject({
      status: { phase: 'Released' },
    });
  });
});

function gone({ changes }: TestWorld): readonly string[] {
  return changes.filter(({ type }) => type === 'DELETED').map(({ object }) => object.kind);
}

function aMachineWithDisks(name: string, sources: readonly object[]) {
  const disks = sources.map((source, index) => ({ source, name: `disk-${index}` }));
  const dataVolumeTemplates = disks.map((disk) => ({
    metadata: { name: disk.name },
    spec: {
      source: disk.source,
      storage: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '20Gi' } },
        storageClassName: 'ceph-rbd',
      },
    },
  }));
  const volumes = disks.map((disk) => ({ name: disk.name, dataVolume: { name: disk.name } }));
  return aMachine(name, { dataVolumeTemplates }, { volumes });
}

function aDataVolume(name: string) {
  return {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: { name },
    spec: { source: blank, pvc: { resources: { requests: { storage: '1Gi' } } } },
  };
}

function aClaim(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } },
  };
}

function volumeOn(claimName: string) {
  return { name: 'data', persistentVolumeClaim: { claimName } };
}
