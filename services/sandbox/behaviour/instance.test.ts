import { expect, it } from 'vitest';

import { writesOf } from './testing/test-objects.ts';
import { aTestWorld } from './testing/test-world.ts';

const finalizer = 'kubevirt.io/virtualMachineControllerFinalize';

function anInstance(name: string, finalizers: readonly string[] = []) {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name, labels: { app: 'x' }, finalizers },
    spec: { domain: { devices: {} }, terminationGracePeriodSeconds: 60 },
  };
}

it('runs an instance that belongs to no machine, in two writes', () => {
  const world = aTestWorld();
  world.create('VirtualMachineInstance', anInstance('i'));
  world.pass(1000);
  expect(world.see('VirtualMachineInstance', 'i')).toMatchObject({
    metadata: { finalizers: [finalizer], labels: { app: 'x' } },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }, { type: 'LiveMigratable' }],
    },
  });
  expect(writesOf(world, 'VirtualMachineInstance', 'status.phase')).toEqual([
    undefined,
    'Scheduled',
    'Running',
  ]);
});

it('tells every phase it went through', () => {
  const world = aTestWorld();
  world.create('VirtualMachineInstance', anInstance('i'));
  world.pass(1000);
  const instance = world.see('VirtualMachineInstance', 'i');
  expect(instance).toMatchObject({
    status: {
      phaseTransitionTimestamps: [
        { phase: 'Pending' },
        { phase: 'Scheduling' },
        { phase: 'Scheduled' },
        { phase: 'Running' },
      ],
    },
  });
});

it('lets a deleted instance go after the shutdown, and tells its end with the last write', () => {
  const world = aTestWorld();
  world.create('VirtualMachineInstance', anInstance('i'));
  world.pass(1000);
  world.remove('VirtualMachineInstance', 'i');
  world.pass(90);
  expect(world.see('VirtualMachineInstance', 'i')).toMatchObject({ status: { phase: 'Running' } });
  world.pass(20);
  expect(world.see('VirtualMachineInstance', 'i')).toBeUndefined();
});

it('leaves no ready corpse behind a foreign finalizer', () => {
  const world = aTestWorld();
  world.create('VirtualMachineInstance', anInstance('i', ['example.org/hold']));
  world.pass(1000);
  world.remove('VirtualMachineInstance', 'i');
  world.pass(1000);
  expect(world.see('VirtualMachineInstance', 'i')).toMatchObject({
    metadata: { finalizers: ['example.org/hold'] },
    status: { phase: 'Succeeded', conditions: [{ type: 'Ready', status: 'False' }] },
  });
});

it('lands on the node that it asks for by name', () => {
  const world = aTestWorld();
  const instance = anInstance('i');
  const nodeSelector = { 'kubernetes.io/hostname': 'there' };
  world.create('VirtualMachineInstance', { ...instance, spec: { ...instance.spec, nodeSelector } });
  world.pass(1000);
  expect(world.see('VirtualMachineInstance', 'i')).toMatchObject({ status: { nodeName: 'there' } });
});
