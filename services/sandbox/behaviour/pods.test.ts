import { describe, expect, it } from 'vitest';

import type { KubeObject } from '../store/types.ts';
import { launcherNameOf } from './launcher-pod.ts';
import { conditionOf, textAt } from './read.ts';
import { aMachine, writesOf } from './testing/test-objects.ts';
import { aTestWorld, type TestWorld } from './testing/test-world.ts';

const lost = 'sandbox.rollcall.dev/lost';

function podOf(world: TestWorld, name: string): KubeObject | undefined {
  const instance = world.see('VirtualMachineInstance', name);
  return instance && world.see('Pod', launcherNameOf(instance));
}

function readyOf(object: KubeObject | undefined): unknown {
  return object && conditionOf(object, 'Ready');
}

function anInstance(name: string, spec: Readonly<Record<string, unknown>> = {}) {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name, labels: { app: 'x' } },
    spec: { domain: { resources: { requests: { memory: '128Mi' } } }, ...spec },
  };
}

describe('the pod of an instance', () => {
  it('runs ready on a node with the labels of the template and the instance as its owner', () => {
    const world = aTestWorld({ pods: true });
    world.create('VirtualMachine', aMachine('m'));
    world.pass(1000);
    const instance = world.see('VirtualMachineInstance', 'm');
    const pod = podOf(world, 'm');
    expect(pod?.metadata.name).toMatch(/^virt-launcher-m-[a-z0-9]{5}$/);
    expect(pod).toMatchObject({
      metadata: {
        labels: {
          app: 'x',
          'kubevirt.io/vm-pool-revision-name': 'p-1',
          'kubevirt.io': 'virt-launcher',
          'kubevirt.io/created-by': instance?.metadata.uid,
          'vm.kubevirt.io/name': 'm',
        },
        ownerReferences: [
          { kind: 'VirtualMachineInstance', uid: instance?.metadata.uid, controller: true },
        ],
      },
      spec: { nodeName: textAt(instance, 'status', 'nodeName') },
      status: { phase: 'Running' },
    });
    expect(readyOf(pod)).toMatchObject({ status: 'True' });
  });

  it('asks for what the guest asks for, and something for what runs it', () => {
    const world = aTestWorld({ pods: true });
    world.create('VirtualMachineInstance', anInstance('i'));
    world.pass(1000);
    const requests = { cpu: '100m', memory: String((128 + 220) * 2 ** 20) };
    expect(podOf(world, 'i')).toMatchObject({
      spec: { containers: [{ name: 'compute', resources: { requests } }] },
    });
  });

  it('costs two writes on the way up and none of the instance’s', () => {
    const world = aTestWorld({ pods: true });
    world.create('VirtualMachine', aMachine('m'));
    world.pass(5000);
    expect(writesOf(world, 'Pod', 'status.phase')).toEqual(['Pending', 'Running']);
    expect(writesOf(world, 'VirtualMachineInstance', 'status.phase')).toHaveLength(3);
    expect(writesOf(world, 'VirtualMachine', 'status.printableStatus')).toHaveLength(4);
  });

  it('goes with its machine', () => {
    const world = aTestWorld({ pods: true });
    world.create('VirtualMachine', aMachine('m'));
    world.pass(1000);
    const name = podOf(world, 'm')?.metadata.name ?? '';
    world.remove('VirtualMachine', 'm');
    world.pass(1000);
    expect(world.see('VirtualMachine', 'm')).toBeUndefined();
    expect(world.see('Pod', name)).toBeUndefined();
  });

  it('is made for instances that ran before there were pods', () => {
    const world = aTestWorld();
    world.create('VirtualMachine', aMachine('m'));
    world.pass(1000);
    const { uid } = world.see('VirtualMachineInstance', 'm')?.metadata ?? {};
    world.stopBehaviour();
    world.startBehaviour({ pods: true });
    world.pass(1000);
    expect(podOf(world, 'm')).toMatchObject({ status: { phase: 'Running' } });
    expect(world.see('VirtualMachineInstance', 'm')?.metadata.uid).toBe(uid);
  });
});

describe('a pod that is deleted', () => {
  it('takes its instance down in order: not ready, ended, then gone', () => {
    const world = aTestWorld({ pods: true });
    world.create('VirtualMachineInstance', anInstance('i'));
    world.pass(1000);
    const pod = podOf(world, 'i');
    world.remove('Pod', pod?.metadata.name ?? '');
    world.pass(50);
    expect(world.see('VirtualMachineInstance', 'i')).toMatchObject({
      status: { phase: 'Running' },
    });
    expect(readyOf(world.see('VirtualMachineInstance', 'i'))).toMatchObject({
      status: 'False',
      reason: 'PodTerminating',
    });
    expect(podOf(world, 'i')?.metadata).toMatchObject({ deletionGracePeriodSeconds: 45 });
    world.pass(1000);
    expect(world.see('VirtualMachineInstance', 'i')).toMatchObject({
      status: { phase: 'Succeeded' },
    });
    expect(podOf(world, 'i')).toBeUndefined();
  });

  it('without grace leaves an instance that failed', () => {
    const world = aTestWorld({ pods: true });
    world.create('VirtualMachineInstance', anInstance('i'));
    world.pass(1000);
    const name = podOf(world, 'i')?.metadata.name ?? '';
    world.remove('Pod', name, { gracePeriodSeconds: 0 });
    world.pass(1000);
    expect(world.see('VirtualMachineInstance', 'i')).toMatchObject({ status: { phase: 'Failed' } });
  });

  it('is followed by another when its machine always runs', () => {
    const world = aTestWorld({ pods: true });
    world.create('VirtualMachine', aMachine('m'));
    world.pass(1000);
    const first = podOf(world, 'm')?.metadata.name ?? '';
    world.remove('Pod', first);
    world.pass(2000);
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'Running', ready: true },
    });
    expect(podOf(world, 'm')?.metadata.name).not.toBe(first);
  });
});

describe('the nodes', () => {
  it('are three, ready, with room', () => {
    const world = aTestWorld({ pods: true });
    world.pass(100);
    for (const name of ['sandbox-node-1', 'sandbox-node-2', 'sandbox-node-3']) {
      const node = world.see('Node', name);
      expect(node).toMatchObject({ status: { allocatable: { cpu: '64' } } });
      expect(readyOf(node)).toMatchObject({ status: 'True' });
    }
  });

  it('take instances by their labels, and none that asks for what no node has', () => {
    const world = aTestWorld({ pods: true });
    world.pass(100);
    world.patch('Node', 'sandbox-node-2', { metadata: { labels: { disk: 'fast' } } });
    world.create('VirtualMachineInstance', anInstance('i', { nodeSelector: { disk: 'fast' } }));
    world.create('VirtualMachine', aMachine('m', {}, { nodeSelector: { disk: 'tape' } }));
    world.pass(2000);
    expect(podOf(world, 'i')).toMatchObject({ spec: { nodeName: 'sandbox-node-2' } });
    expect(world.see('VirtualMachine', 'm')).toMatchObject({
      status: { printableStatus: 'ErrorUnschedulable', ready: false },
    });
    world.patch('Node', 'sandbox-node-3', { metadata: { labels: { disk: 'tape' } } });
    world.pass(2000);
    expect(podOf(world, 'm')).toMatchObject({
      spec: { nodeName: 'sandbox-node-3' },
      status: { phase: 'Running' },
    });
  });

  it('that are cordoned take no more', () => {
    const world = aTestWorld({ pods: true });
    world.pass(100);
    for (const node of ['sandbox-node-1', 'sandbox-node-2']) {
      world.patch('Node', node, { spec: { unschedulable: true } });
    }
    for (const name of ['a', 'b', 'c']) world.create('VirtualMachineInstance', anInstance(name));
    world.pass(1000);
    for (const name of ['a', 'b', 'c']) {
      expect(podOf(world, name)).toMatchObject({ spec: { nodeName: 'sandbox-node-3' } });
    }
  });
});

describe('a node that is lost', () => {
  it('makes what runs there not ready, then marks its pods, which stay until it is back', () => {
    const world = aTestWorld({ pods: true });
    const nodeSelector = { 'kubernetes.io/hostname': 'sandbox-node-1' };
    world.create('VirtualMachineInstance', anInstance('i', { nodeSelector }));
    world.pass(1000);
    world.patch('Node', 'sandbox-node-1', { metadata: { annotations: { [lost]: 'true' } } });
    world.pass(1000);
    expect(readyOf(world.see('Node', 'sandbox-node-1'))).toMatchObject({ status: 'Unknown' });
    expect(readyOf(podOf(world, 'i'))).toMatchObject({ status: 'False' });
    expect(readyOf(world.see('VirtualMachineInstance', 'i'))).toMatchObject({ status: 'False' });
    expect(podOf(world, 'i')?.metadata.deletionTimestamp).toBeUndefined();
    world.pass(60_000);
    expect(podOf(world, 'i')?.metadata.deletionTimestamp).toBeDefined();
    expect(world.see('VirtualMachineInstance', 'i')).toMatchObject({
      status: { phase: 'Running' },
    });
    expect(readyOf(world.see('VirtualMachineInstance', 'i'))).toMatchObject({
      reason: 'PodTerminating',
    });
    world.patch('Node', 'sandbox-node-1', { metadata: { annotations: { [lost]: null } } });
    world.pass(1000);
    expect(podOf(world, 'i')).toBeUndefined();
    expect(world.see('VirtualMachineInstance', 'i')).toMatchObject({
      status: { phase: 'Succeeded' },
    });
    expect(world.see('Node', 'sandbox-node-1')).toMatchObject({ spec: { taints: [] } });
  });

  it('that comes back in time leaves all as it was', () => {
    const world = aTestWorld({ pods: true });
    world.create('VirtualMachineInstance', anInstance('i'));
    world.pass(1000);
    const node = textAt(world.see('VirtualMachineInstance', 'i'), 'status', 'nodeName') ?? '';
    world.patch('Node', node, { metadata: { annotations: { [lost]: 'true' } } });
    world.pass(5000);
    world.patch('Node', node, { metadata: { annotations: { [lost]: null } } });
    world.pass(1000);
    expect(readyOf(podOf(world, 'i'))).toMatchObject({ status: 'True' });
    expect(readyOf(world.see('VirtualMachineInstance', 'i'))).toMatchObject({ status: 'True' });
  });

  it('holds a deleted instance until its pod is taken away by force', () => {
    const world = aTestWorld({ pods: true });
    world.create('VirtualMachineInstance', anInstance('i'));
    world.pass(1000);
    const node = textAt(world.see('VirtualMachineInstance', 'i'), 'status', 'nodeName') ?? '';
    world.patch('Node', node, { metadata: { annotations: { [lost]: 'true' } } });
    world.pass(100);
    world.remove('VirtualMachineInstance', 'i');
    world.pass(30_000);
    const pod = podOf(world, 'i');
    expect(pod?.metadata.deletionTimestamp).toBeDefined();
    world.remove('Pod', pod?.metadata.name ?? '', { gracePeriodSeconds: 0 });
    world.pass(1000);
    expect(world.see('VirtualMachineInstance', 'i')).toBeUndefined();
  });
});
