import type { KubeObject } from '../store/types.ts';
import { claimsOf } from './claims.ts';
import { hasEnded } from './instance.ts';
import { at, conditionOf, isDeleting, listAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';

export type MachineStatus = {
  readonly created: boolean;
  readonly ready: boolean;
  readonly printableStatus: string;
  readonly runStrategy: string;
  readonly observedGeneration: number;
  readonly conditions: readonly unknown[];
};

export type RunFacts = {
  readonly instance: KubeObject | undefined;
  readonly disksReady: boolean;
  readonly strategy: string;
  /** Whether the machine gets an instance when it has none. */
  readonly starts: boolean;
};

export function machineStatus(scene: Scene, machine: KubeObject, facts: RunFacts): MachineStatus {
  const ready = readyCondition(facts.instance, scene.now());
  const others = listAt(machine, 'status', 'conditions').filter(
    (condition) => at(condition, 'type') !== 'Ready',
  );
  return {
    created: facts.instance !== undefined,
    ready: ready.status === 'True',
    printableStatus: printableStatus(scene, machine, facts),
    runStrategy: facts.strategy,
    observedGeneration: machine.metadata.generation ?? 1,
    conditions: [ready, ...others],
  };
}

/**
 * Ready counts as different only when its status or reason does, as in KubeVirt. From Provisioning the
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
    at(ready, 'status') !== at(wantedReady, 'status')
  );
}

type Ready = {
  readonly type: 'Ready';
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastProbeTime: null;
  readonly lastTransitionTime: string;
};

function readyCondition(instance: KubeObject | undefined, time: string): Ready {
  const missing = {
    type: 'Ready',
    status: 'False',
    lastProbeTime: null,
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
    lastProbeTime: null,
    lastTransitionTime: textAt(condition, 'lastTransitionTime') ?? time,
  };
}

/** The first that fits, in KubeVirt's order of precedence. */
function printableStatus(scene: Scene, machine: KubeObject, facts: RunFacts): string {
  const { instance, disksReady } = facts;
  if (isDeleting(machine)) return 'Terminating';
  if (instance === undefined && !facts.starts) return 'Stopped';
  if (instance !== undefined && isDeleting(instance)) return 'Stopping';
  if (instance !== undefined && hasEnded(instance)) return 'Stopped';
  if (textAt(instance, 'status', 'phase') === 'Running') return 'Running';
  if (disksReady && lacksClaim(scene, machine)) return 'ErrorPvcNotFound';
  if (hasFailedDisk(scene, machine)) return 'DataVolumeError';
  return disksReady ? 'Starting' : 'Provisioning';
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
