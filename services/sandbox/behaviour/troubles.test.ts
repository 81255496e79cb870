import { describe, expect, it } from 'vitest';

import { at, conditionOf, numberAt } from './read.ts';
import { aMachine, writesOf } from './testing/test-objects.ts';
import { aTestWorld } from './testing/test-world.ts';

const fail = 'sandbox.rollcall.dev/fail';

function aFailing(name: string, trouble: string, spec: Readonly<Record<string, unknown>> = {}) {
  const machine = aMachine(name, spec);
  return { ...machine, metadata: { ...machine.metadata, annotations: { [fail]: trouble } } };
}

describe.each([{ pods: true }, { pods: false }])(
  'with %o a machine that fails on purpose',
  (options) => {
    it('to start is counted once for each instance and backs off', () => {
      const world = aTestWorld(options);
      world.create('VirtualMachine', aFailing('m', 'start'));
      world.pass(700);
      expect(world.see('VirtualMachine', 'm')).toMatchObject({
        status: {
          printableStatus: 'CrashLoopBackOff',
          ready: false,
          startFailure: { consecutiveFailCount: 1, retryAfterTimestamp: expect.any(String) },
        },
      });
      world.pass(8000);
      const machine = world.see('VirtualMachine', 'm');
      expect(numberAt(machine, 'status', 'startFailure', 'consecutiveFailCount')).toBe(3);
      const counts = writesOf(world, 'VirtualMachine', 'status.startFailure.consecutiveFailCount');
      expect([...new Set(counts)]).toEqual([undefined, 1, 2, 3]);
      const ready = machine && conditionOf(machine, 'Ready');
      expect(ready).toMatchObject({ status: 'False', lastProbeTime: expect.any(String) });
    });

    it('to start runs, and forgets its failures, once the annotation is gone', () => {
      const world = aTestWorld(options);
      world.create('VirtualMachine', aFailing('m', 'start'));
      world.pass(3000);
      world.patch('VirtualMachine', 'm', { metadata: { annotations: { [fail]: null } } });
      world.pass(15_000);
      const machine = world.see('VirtualMachine', 'm');
      expect(machine).toMatchObject({ status: { printableStatus: 'Running', ready: true } });
      expect(at(machine, 'status', 'startFailure')).toBeUndefined();
    });

    it('to find a node says so, and runs when it may', () => {
      const world = aTestWorld(options);
      world.create('VirtualMachine', aFailing('m', 'unschedulable'));
      world.pass(1000);
      expect(world.see('VirtualMachine', 'm')).toMatchObject({
        status: { printableStatus: 'ErrorUnschedulable' },
      });
      world.patch('VirtualMachine', 'm', { metadata: { annotations: { [fail]: null } } });
      world.pass(2000);
      expect(world.see('VirtualMachine', 'm')).toMatchObject({
        status: { printableStatus: 'Running' },
      });
    });

    it('to pull its image fails first and then backs off', () => {
      const world = aTestWorld(options);
      world.create('VirtualMachine', aFailing('m', 'image'));
      world.pass(10_000);
      expect(writesOf(world, 'VirtualMachine', 'status.printableStatus').slice(2)).toEqual([
        'Starting',
        'ErrImagePull',
        'ImagePullBackOff',
      ]);
    });

    it('to fill its disks has a failed DataVolume and no instance', () => {
      const world = aTestWorld(options);
      const dataVolumeTemplates = [
        {
          metadata: { name: 'd' },
          spec: {
            source: { blank: {} },
            pvc: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        },
      ];
      world.create('VirtualMachine', aFailing('m', 'data-volume', { dataVolumeTemplates }));
      world.pass(3000);
      expect(world.see('DataVolume', 'd')).toMatchObject({ status: { phase: 'Failed' } });
      expect(world.see('VirtualMachine', 'm')).toMatchObject({
        status: { printableStatus: 'DataVolumeError', ready: false },
      });
      expect(world.see('VirtualMachineInstance', 'm')).toBeUndefined();
    });

    it('by a crash starts again without a back-off, for it did run', () => {
      const world = aTestWorld(options);
      world.create('VirtualMachine', aMachine('m', { runStrategy: 'RerunOnFailure' }));
      world.pass(1000);
      const first = world.see('VirtualMachineInstance', 'm')?.metadata.uid;
      world.patch('VirtualMachine', 'm', { metadata: { annotations: { [fail]: 'crash' } } });
      world.pass(20);
      world.patch('VirtualMachine', 'm', { metadata: { annotations: { [fail]: null } } });
      world.pass(2000);
      const machine = world.see('VirtualMachine', 'm');
      expect(machine).toMatchObject({ status: { printableStatus: 'Running' } });
      expect(at(machine, 'status', 'startFailure')).toBeUndefined();
      expect(at(machine, 'status', 'stateChangeRequests')).toBeUndefined();
      expect(world.see('VirtualMachineInstance', 'm')?.metadata.uid).not.toBe(first);
    });
  },
);

it('takes a slow machine as long as its annotation says', () => {
  const world = aTestWorld();
  const machine = aMachine('m');
  const annotations = { 'sandbox.rollcall.dev/boot-seconds': '20' };
  world.create('VirtualMachine', { ...machine, metadata: { ...machine.metadata, annotations } });
  world.pass(19_000);
  expect(world.see('VirtualMachine', 'm')).toMatchObject({
    status: { printableStatus: 'Starting' },
  });
  world.pass(3000);
  expect(world.see('VirtualMachine', 'm')).toMatchObject({
    status: { printableStatus: 'Running' },
  });
});

it('keeps a machine down that may run once when its instance has failed', () => {
  const world = aTestWorld();
  world.create('VirtualMachine', aFailing('m', 'start', { runStrategy: 'Once' }));
  world.pass(10_000);
  expect(world.see('VirtualMachineInstance', 'm')).toMatchObject({ status: { phase: 'Failed' } });
  expect(world.see('VirtualMachine', 'm')).toMatchObject({
    status: { startFailure: { consecutiveFailCount: 1 } },
  });
});
