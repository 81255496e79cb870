import { describe, expect, it } from 'vitest';

import { aMachine, writesOf } from './testing/test-objects.ts';
import { aTestWorld } from './testing/test-world.ts';
import { conditionOf } from './read.ts';

describe('a machine that shall run', () => {
  it('gets an instance of its name that is Running and Ready within a second', () => {
    const world = aTestWorld();
    const machine = world.create('VirtualMachine', aMachine('m'));
    world.pass(1000);
    const instance = world.see('VirtualMachineInstance', 'm');
    expect(instance).toMatchObject({
      metadata: {
        labels: { app: 'x', 'kubevirt.io/vm-pool-revision-name': 'p-1' },
        annotations: { note: 'n' },
        finalizers: ['kubevirt.io/virtualMachineControllerFinalize'],
        ownerReferences: [
          {
            apiVersion: 'kubevirt.io/v1',
            kind: 'VirtualMachine',
            name: 'm',
            uid: machine.metadata.uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: { domain: { devices: {} } },
      status: { phase: 'Running' },
    });
    expect(conditionOf(instance ?? machine, 'Ready')).toMatchObject({ status: 'True' });
    expect(instance).toHaveProperty('status.interfaces[0].ipAddress');
    expect(instance).toHaveProperty('status.nodeName');
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      metadata: { finalizers: ['kubevirt.io/virtualMachineControllerFinalize'] },
      status: {
        created: true,
        ready: true,
        printableStatus: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    });
  });

  it('takes three writes of the instance and three of the machine, two of them status', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m'));
    world.pass(5000);
    expect(writesOf(world, 'VirtualMachineInstance', 'status.phase')).toEqual([
      'Pending',
      'Scheduled',
      'Running',
    ]);
    expect(writesOf(world, 'VirtualMachine', 'status.printableStatus')).toEqual([
      undefined,
      undefined,
      'Starting',
      'Running',
    ]);
  });

  it('gets a new instance when someone deletes the one it has', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m'));
    world.pass(1000);
    const before = world.see('VirtualMachineInstance', 'm')?.metadata.uid;
    world.remove('VirtualMachineInstance', 'm');
    world.pass(1000);
    const after = world.see('VirtualMachineInstance', 'm');
    expect(after?.metadata.uid).not.toBe(before);
    expect(after).toMatchObject({ status: { phase: 'Running' } });
    expect(writesOf(world, 'VirtualMachine', 'status.printableStatus').slice(-4)).toEqual([
      'Running',
      'Stopping',
      'Starting',
      'Running',
    ]);
  });

  it.each([{ running: true }, { runStrategy: 'Once' }, { runStrategy: 'RerunOnFailure' }])(
    'runs with %o',
    (strategy) => {
      const world = aTestWorld();
      world.create('VirtualMachine', aMachine('m', strategy));
      world.pass(1000);
      expect(world.see('VirtualMachine', 'm')).toMatchObject({
        status: { printableStatus: 'Running' },
      });
    },
  );

  it('stays down with RerunOnFailure when its instance is deleted', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m', { runStrategy: 'RerunOnFailure' }));
    world.pass(1000);
    world.remove('VirtualMachineInstance', 'm');
    world.pass(5000);
    expect(world.see('VirtualMachineInstance', 'm')).toBeUndefined();
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'Stopped', created: false, ready: false },
    });
  });

  it('leaves an instance of its name alone that someone else made', () => {
    const world = aTestWorld();
    const { uid } = world.create('VirtualMachineInstance', {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachineInstance',
      metadata: { name: 'm' },
      spec: { domain: {} },
    }).metadata;
    world.create('VirtualMachine', aMachine('m'));
    world.pass(3000);
    expect(world.see('VirtualMachineInstance', 'm')?.metadata.uid).toBe(uid);
    expect(world.see('VirtualMachine', 'm')).toMatchObject({ status: { created: false } });
  });
});

describe('a machine that shall not run', () => {
  it('is told Stopped in one write of its status', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m', { runStrategy: 'Halted' }));
    world.pass(5000);
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: {
        created: false,
        ready: false,
        printableStatus: 'Stopped',
        conditions: [{ type: 'Ready', status: 'False', reason: 'VMINotExists' }],
      },
    });
    expect(writesOf(world, 'VirtualMachine', 'status.printableStatus')).toEqual([
      undefined,
      undefined,
      'Stopped',
    ]);
  });

  it('stops when it is halted, and starts again', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m'));
    world.pass(1000);
    world.patch('VirtualMachine', 'm', { spec: { runStrategy: 'Halted' } });
    world.pass(1000);
    expect(world.see('VirtualMachineInstance', 'm')).toBeUndefined();
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'Stopped' },
    });
    world.patch('VirtualMachine', 'm', { spec: { runStrategy: 'Always' } });
    world.pass(1000);
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'Running' },
    });
  });
});

describe('a machine that is deleted', () => {
  it('goes after its instance, within a fraction of a second whatever the grace period', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m', {}, { terminationGracePeriodSeconds: 600 }));
    world.pass(1000);
    world.remove('VirtualMachine', 'm');
    world.pass(200);
    expect(world.see('VirtualMachine', 'm')).toBeUndefined();
    const gone = world.changes.filter(({ type }) => type === 'DELETED');
    expect(gone.map(({ object }) => object.kind)).toEqual([
      'VirtualMachineInstance',
      'VirtualMachine',
    ]);
  });

  it('is told Terminating and not ready while a foreign finalizer holds it', () => {
    const world = aTestWorld();
    const machine = aMachine('m');
    world.create('VirtualMachine', {
      ...machine,
      metadata: { ...machine.metadata, finalizers: ['pool.kubevirt.io/finalizer'] },
    });
    world.pass(1000);
    world.remove('VirtualMachine', 'm');
    world.pass(1000);
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      metadata: { finalizers: ['pool.kubevirt.io/finalizer'] },
      status: { printableStatus: 'Terminating', ready: false, created: false },
    });
    world.patch('VirtualMachine', 'm', { metadata: { finalizers: null } });
    expect(world.see('VirtualMachine', 'm')).toBeUndefined();
  });

  it('goes in the foreground too', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m'));
    world.pass(1000);
    world.remove('VirtualMachine', 'm', { propagationPolicy: 'Foreground' });
    world.pass(1000);
    expect(world.see('VirtualMachineInstance', 'm')).toBeUndefined();
    expect(world.see('VirtualMachine', 'm')).toBeUndefined();
  });

  it('leaves a running instance behind when it is deleted with orphaning', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m'));
    world.pass(1000);
    world.remove('VirtualMachine', 'm', { propagationPolicy: 'Orphan' });
    world.pass(1000);
    expect(world.see('VirtualMachine', 'm')).toBeUndefined();
    expect(world.see('VirtualMachineInstance', 'm')).toMatchObject({
      status: { phase: 'Running' },
    });
  });
});

describe('behaviour that is stopped and started again', () => {
  it('finishes what it finds half done, and makes nothing twice', () => {
    const world = aTestWorld();
    for (let index = 0; index < 40; index += 1) {
      world.create('VirtualMachine', aMachine(`m-${index}`));
    }
    world.pass(60);
    world.stopBehaviour();
    world.pass(1000);
    expect(world.see('VirtualMachine', 'm-39')).not.toMatchObject({
      status: { printableStatus: 'Running' },
    });
    world.remove('VirtualMachine', 'm-0');
    world.startBehaviour();
    world.pass(1000);
    for (let index = 1; index < 40; index += 1) {
      expect(world.see('VirtualMachine', `m-${index}`)).toMatchObject({
        status: { printableStatus: 'Running' },
      });
    }
    expect(world.see('VirtualMachine', 'm-0')).toBeUndefined();
    const added = world.changes.filter(
      ({ type, object }) => type === 'ADDED' && object.kind === 'VirtualMachineInstance',
    );
    expect(added).toHaveLength(40);
  });

  it('writes nothing when all is as it should be', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m'));
    world.pass(1000);
    world.stopBehaviour();
    const { resourceVersion } = world.store;
    world.startBehaviour();
    world.pass(60_000);
    expect(world.store.resourceVersion).toBe(resourceVersion);
  });
});
