import type { KubeObject } from '../store/types.ts';
import { claimsOf } from './claims.ts';
import { hasEnded } from './instance-status.ts';
import { at, conditionOf, isDeleting, listAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';
import { nextStartFailure, startFailureOf } from './start-failure.ts';
import type { StartFailure } from './start-failure.ts';
import { isStartRequested, startRequests, wantsStart } from './start-request.ts';

export type MachineStatus = {
  readonly created: boolean;
  readonly ready: boolean;
  readonly printableStatus: string;
  readonly runStrategy: string;
  readonly observedGeneration: number;
  readonly conditions: readonly unknown[];
  /** Null takes it away. */
  readonly startFailure: StartFailure | null;
  readonly stateChangeRequests: readonly unknown[] | null;
};

export type RunFacts = {
  readonly instance: KubeObject | undefined;
  readonly disksReady: boolean;
  readonly strategy: string;
  /** Whether the machine gets an instance when it has none. */
  readonly starts: boolean;
};

export function machineStatus(scene: Scene, machine: KubeObject, facts: RunFacts): MachineStatus {
  const wanted = readyCondition(facts.instance, scene.now());
  const known = conditionOf(machine, 'Ready');
  const isSame = at(known, 'status') === wanted.status && at(known, 'reason') === wanted.reason;
  const others = listAt(machine, 'status', 'conditions').filter(
    (condition) => at(condition, 'type') !== 'Ready',
  );
  return {
    created: facts.instance !== undefined,
    ready: wanted.status === 'True',
    printableStatus: printableStatus(scene, machine, facts),
    runStrategy: facts.strategy,
    observedGeneration: machine.metadata.generation ?? 1,
    conditions: [isSame ? known : wanted, ...others],
    startFailure: nextStartFailure(scene, machine, facts) ?? null,
    stateChangeRequests: wantsStart(machine, facts) ? startRequests : null,
  };
}

/**
 * A reason alone makes no write, though KubeVirt's would: a start would cost one more. From Provisioning the
 * machine goes to Running without a write for the moment between.
 */
export function statusDiffers(machine: KubeObject, wanted: MachineStatus): boolean {
  const now = textAt(machine, 'status', 'printableStatus');
  if (now === 'Provisioning' && wanted.printableStatus === 'Starting') return false;
  const ready = conditionOf(machine, 'Ready');
  const [wantedReady] = wanted.conditions;
  return (
    now !== wanted.printableStatus ||
    at(machine, 'status', 'created') !== wanted.created ||
    at(machine, 'status', 'ready') !== wanted.ready ||
    at(machine, 'status', 'runStrategy') !== wanted.runStrategy ||
    at(machine, 'status', 'observedGeneration') !== wanted.observedGeneration ||
    at(ready, 'status') !== at(wantedReady, 'status') ||
    startFailureOf(machine)?.lastFailedVMIUID !== wanted.startFailure?.lastFailedVMIUID ||
    isStartRequested(machine) !== (wanted.stateChangeRequests !== null)
  );
}

type Ready = {
  readonly type: 'Ready';
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastProbeTime: string | null;
  readonly lastTransitionTime: string;
};

function readyCondition(instance: KubeObject | undefined, time: string): Ready {
  const missing = {
    type: 'Ready',
    status: 'False',
    lastProbeTime: time,
    lastTransitionTime: time,
  } as const;
  if (instance === undefined)
    return { ...missing, reason: 'VMINotExists', message: 'there is no instance' };
  const condition = conditionOf(instance, 'Ready');
  const status = textAt(condition, 'status');
  if (status === undefined)
    return { ...missing, reason: 'VMIConditionMissing', message: 'the instance does not say' };
  const [reason, message] = [textAt(condition, 'reason'), textAt(condition, 'message')];
  return {
    type: 'Ready',
    status,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    lastProbeTime: textAt(condition, 'lastProbeTime') ?? null,
    lastTransitionTime: textAt(condition, 'lastTransitionTime') ?? time,
  };
}

/** The first that fits, in KubeVirt's order of precedence. */
function printableStatus(scene: Scene, machine: KubeObject, facts: RunFacts): string {
  const { instance, disksReady } = facts;
  if (isDeleting(machine)) return 'Terminating';
  if (instance === undefined && !facts.starts) return 'Stopped';
  if (instance !== undefined && isDeleting(instance)) return 'Stopping';
  const isDown = instance === undefined || hasEnded(instance);
  if (isDown && nextStartFailure(scene, machine, facts) !== undefined) return 'CrashLoopBackOff';
  if (instance !== undefined && hasEnded(instance)) return 'Stopped';
  if (textAt(instance, 'status', 'phase') === 'Running') return 'Running';
  if (disksReady && lacksClaim(scene, machine)) return 'ErrorPvcNotFound';
  if (hasFailedDisk(scene, machine)) return 'DataVolumeError';
  const hindrance = hindranceOf(instance);
  if (hindrance !== undefined) return hindrance;
  return disksReady ? 'Starting' : 'Provisioning';
}

/** No node, or no image: told by conditions of the instance. */
function hindranceOf(instance: KubeObject | undefined): string | undefined {
  if (instance === undefined) return undefined;
  if (textAt(conditionOf(instance, 'PodScheduled'), 'reason') === 'Unschedulable') {
    return 'ErrorUnschedulable';
  }
  const synchronized = textAt(conditionOf(instance, 'Synchronized'), 'reason');
  return synchronized === 'ErrImagePull' || synchronized === 'ImagePullBackOff'
    ? synchronized
    : undefined;
}

function lacksClaim({ mirror }: Scene, machine: KubeObject): boolean {
  const { namespace = '' } = machine.metadata;
  return claimsOf(machine).some(
    (name) => mirror.see('PersistentVolumeClaim', namespace, name) === undefined,
  );
}

function hasFailedDisk({ mirror }: Scene, machine: KubeObject): boolean {
  const { namespace = '' } = machine.metadata;
  return claimsOf(machine).some(
    (name) => textAt(mirror.see('DataVolume', namespace, name), 'status', 'phase') === 'Failed',
  );
}
