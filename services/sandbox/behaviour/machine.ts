import type { KubeObject } from '../store/types.ts';
import type { Next } from './hands.ts';
import { hasEnded, kubevirtFinalizer, pendingStatus } from './instance-status.ts';
import { apiVersionFor } from './kinds.ts';
import { tendDisks } from './machine-disks.ts';
import { machineStatus, statusDiffers } from './machine-status.ts';
import { at, hasFinalizer, isControlledBy, isDeleting, recordAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';
import { soonest } from './soonest.ts';
import { backoffLeft, nextStartFailure, startFailureOf } from './start-failure.ts';
import { isStartRequested, wantsStart } from './start-request.ts';

/** Keeps a machine's instance as its run strategy wants it, and its status as the instance is. */
export function tendMachine(scene: Scene, machine: KubeObject): Next {
  if (isDeleting(machine)) return retire(scene, machine);
  if (!hasFinalizer(machine, kubevirtFinalizer)) {
    const finalizers = [...(machine.metadata.finalizers ?? []), kubevirtFinalizer];
    return scene.hands.patch(machine, 'virt-controller', { metadata: { finalizers } });
  }
  const disks = tendDisks(scene, machine);
  const acted = tendRun(scene, machine, disks.ready);
  return soonest([disks.next, acted, tellStatus(scene, machine, disks.ready)]);
}

/** The instance that is this machine's own; one of the same name may be someone else's. */
export function instanceOf({ mirror }: Scene, machine: KubeObject): KubeObject | undefined {
  const { namespace = '', name } = machine.metadata;
  const found = mirror.see('VirtualMachineInstance', namespace, name);
  return found !== undefined && isControlledBy(found, machine) ? found : undefined;
}

export function runStrategyOf(machine: KubeObject): string {
  const strategy = textAt(machine, 'spec', 'runStrategy');
  return strategy ?? (at(machine, 'spec', 'running') === true ? 'Always' : 'Halted');
}

/**
 * Whether a machine without an instance gets one. Always and Once bring back an instance that someone
 * deleted; RerunOnFailure only one that failed, and its last status tells that there was one.
 */
export function startsInstance(machine: KubeObject): boolean {
  const strategy = runStrategyOf(machine);
  if (strategy === 'Always' || strategy === 'Once') return true;
  if (strategy === 'RerunOnFailure' && isStartRequested(machine)) return true;
  const hadOne = at(machine, 'status', 'created') === true;
  const wentDown = textAt(machine, 'status', 'printableStatus') === 'Stopped';
  return strategy === 'RerunOnFailure' && !hadOne && !wentDown;
}

function tendRun(scene: Scene, machine: KubeObject, disksReady: boolean): Next {
  const { namespace = '', name } = machine.metadata;
  const instance = instanceOf(scene, machine);
  if (instance !== undefined) {
    if (isDeleting(instance) || !isOver(machine, instance)) return undefined;
    // What its end means is told before it is taken away.
    if (isUntold(scene, machine, instance)) return undefined;
    return scene.hands.remove(instance, 'virt-controller');
  }
  const taken = scene.mirror.see('VirtualMachineInstance', namespace, name) !== undefined;
  if (taken || !disksReady || !startsInstance(machine)) return undefined;
  const left = backoffLeft(scene, machine);
  if (left > 0) return left;
  return scene.hands.create('VirtualMachineInstance', 'virt-controller', {
    namespace,
    body: newInstance(machine, scene.now()),
  });
}

function isOver(machine: KubeObject, instance: KubeObject): boolean {
  const strategy = runStrategyOf(machine);
  if (strategy === 'Halted') return true;
  if (strategy === 'RerunOnFailure') return textAt(instance, 'status', 'phase') === 'Failed';
  return strategy === 'Always' && hasEnded(instance);
}

function isUntold(scene: Scene, machine: KubeObject, instance: KubeObject): boolean {
  const strategy = runStrategyOf(machine);
  const failure = nextStartFailure(scene, machine, { instance, strategy });
  const uncounted = failure?.lastFailedVMIUID !== startFailureOf(machine)?.lastFailedVMIUID;
  return uncounted || wantsStart(machine, { instance, strategy }) !== isStartRequested(machine);
}

/** Labels and annotations come from the template of the instance, the pool's revision label among them. */
function newInstance(machine: KubeObject, time: string): Readonly<Record<string, unknown>> {
  const { name, namespace, uid } = machine.metadata;
  const template = recordAt(machine, 'spec', 'template');
  return {
    apiVersion: apiVersionFor('VirtualMachineInstance'),
    kind: 'VirtualMachineInstance',
    metadata: {
      name,
      namespace,
      labels: recordAt(template, 'metadata', 'labels'),
      annotations: recordAt(template, 'metadata', 'annotations'),
      finalizers: [kubevirtFinalizer],
      ownerReferences: [
        {
          apiVersion: apiVersionFor('VirtualMachine'),
          kind: 'VirtualMachine',
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: recordAt(template, 'spec'),
    status: pendingStatus(time),
  };
}

/** The instance goes first, then KubeVirt's finalizer; the pool's own finalizer is the pool's affair. */
function retire(scene: Scene, machine: KubeObject): Next {
  if (!hasFinalizer(machine, kubevirtFinalizer)) return tellStatus(scene, machine, true);
  const instance = instanceOf(scene, machine);
  const orphaned = hasFinalizer(machine, 'orphan');
  if (instance !== undefined && !orphaned) {
    return isDeleting(instance) ? undefined : scene.hands.remove(instance, 'virt-controller');
  }
  const finalizers = machine.metadata.finalizers?.filter((name) => name !== kubevirtFinalizer);
  return scene.hands.patch(machine, 'virt-controller', { metadata: { finalizers } });
}

function tellStatus(scene: Scene, machine: KubeObject, disksReady: boolean): Next {
  const instance = instanceOf(scene, machine);
  const status = machineStatus(scene, machine, {
    instance,
    disksReady,
    strategy: runStrategyOf(machine),
    starts: startsInstance(machine),
  });
  if (!statusDiffers(machine, status)) return undefined;
  return scene.hands.patchStatus(machine, 'virt-controller', status);
}
