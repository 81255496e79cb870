import type { Command } from '#shared/contract/commands.ts';
import type { Uid } from '#shared/contract/ids.ts';
import type { Pool, Vm } from '#shared/contract/objects.ts';
import type { Decided, Moment } from '#shared/contract/records.ts';
import { effectAnnotation, revisionLabel, securedForAnnotation } from '#shared/contract/words.ts';
import { adviceText } from '../advice.ts';
import { stemOf } from '../names.ts';
import { controllerOf, namedAs, ownedBy } from '../objects.ts';
import { setRefOf, wait, type Outcome } from '../outcome.ts';
import { pendingOf } from '../pending.ts';
import type { Act, Situation } from '../situation.ts';
import { isAbsenceProven } from '../surveys.ts';
import { unsyncedKinds } from '../synced.ts';
import { emptyMemory, type View } from '../view.ts';
import { isDetachedFrom } from './detached.ts';
import { keepThenFree } from './free.ts';
import { isHanging } from './hanging.ts';
import { isMarkedKept } from './keep-mark.ts';

/** A pool that is gone, as far as the VMs tell of it that hang on its finalizer. */
export type Bereaved = {
  /** Without a spec, a generation or an annotation: those went with it. */
  readonly set: Pool;
  /** Terminating, with our finalizer, by name. */
  readonly members: readonly Vm[];
};

/**
 * What a pool of this uid has left behind: somebody took its finalizer off by hand, or deleted it while the
 * log knew no member of it. Nobody else takes our finalizer off its VMs. One that nobody controls stands
 * for itself, under its own uid, for it does not tell the uid of its pool. Undefined where nothing hangs.
 */
export function bereavedOf(view: View, uid: Uid): Bereaved | undefined {
  const members = leftBehind(view, uid);
  const [first] = members;
  if (first === undefined) return undefined;
  const { namespace, resourceVersion, createdAt } = first.meta;
  const meta = { namespace, name: poolNameOf(first), uid, resourceVersion, createdAt };
  return {
    set: {
      kind: 'VirtualMachinePool',
      meta: { ...meta, labels: {}, annotations: {}, finalizers: [], owners: [] },
      paused: false,
      status: {},
      present: [],
    },
    members,
  };
}

/**
 * Lets the VMs of a pool go that is certainly gone, in the mode of the service: what the pool itself said
 * of modes and disks is lost. Disks stay only where the VM says so.
 */
export function decideBereaved(view: View, uid: Uid, moment: Moment): Outcome {
  const bereaved = bereavedOf(view, uid);
  if (bereaved === undefined) return wait('the set is not there');
  const { mode } = moment.policy;
  if (mode === 'observe') return wait('only observing');
  const { set, members } = bereaved;
  if (!isEndProven(view, set, moment)) return wait('it is not certain that the pool is gone');
  const memory = view.memories.get(uid) ?? emptyMemory();
  const situation: Situation<Pool> = {
    ...{ view, set, memory, moment, mode, paused: false, problem: undefined },
    pending: pendingOf(view, uid),
  };
  const step = keepThenFree(situation, {
    held: members,
    keeping: members.filter((vm) => memory.keeps.has(vm.meta.uid) || isMarkedKept(vm)),
    purposeOf: () => 'free',
  });
  if (step.type === 'pass') {
    return wait(step.hold?.because ?? step.because ?? 'nothing hangs', step.wakeAt);
  }
  const decided = decidedOf(situation, members, step);
  const isKnown = mode === 'advise' && memory.advice === adviceText(decided.commands);
  return isKnown ? wait('the advice has been given') : { type: 'act', decided };
}

/** Not while the kind is not served: its objects come back with it. */
export function isEndProven(view: View, set: Pool, { policy }: Moment): boolean {
  return (
    unsyncedKinds(view, set, policy).length === 0 && isAbsenceProven(view, 'VirtualMachinePool')
  );
}

function leftBehind(view: View, uid: Uid): readonly Vm[] {
  const object = view.objects.get(uid);
  if (object !== undefined) return isHanging(object) && isUnclaimed(view, object) ? [object] : [];
  return ownedBy(view, uid)
    .filter(isHanging)
    .filter((vm) => controllerOf(vm.meta)?.kind === 'VirtualMachinePool');
}

/** Nobody controls it, it says that it was a pool's, and no pool is there whose it may have been. */
function isUnclaimed(view: View, vm: Vm): boolean {
  const { namespace, annotations, labels } = vm.meta;
  if (controllerOf(vm.meta) !== undefined) return false;
  const says =
    annotations[effectAnnotation] ?? annotations[securedForAnnotation] ?? labels[revisionLabel];
  if (says === undefined) return false;
  const name = poolNameOf(vm);
  if (namedAs(view, 'VirtualMachinePool', { namespace, name }).length > 0) return false;
  return ![...(view.sets.get(namespace) ?? [])].some((uid) => {
    const set = view.objects.get(uid);
    return set?.kind === 'VirtualMachinePool' && isDetachedFrom(view, set, vm);
  });
}

/** By its reference, else by its own name, else by its revision, else nobody knows. */
function poolNameOf({ meta }: Vm): string {
  const controller = controllerOf(meta)?.name;
  return controller ?? stemOf(meta.name) ?? stemOf(meta.labels[revisionLabel] ?? '') ?? meta.name;
}

function decidedOf(
  { view, set, mode, moment }: Situation<Pool>,
  members: readonly Vm[],
  { because, commands }: Act,
): Decided {
  const going = members.length;
  return {
    type: 'decided',
    ...{ epoch: view.epoch, plan: view.plan + 1, basis: view.sequence },
    set: { ...setRefOf(set), gone: true },
    ...{ mode, moment, because: inWords(because) },
    balance: {
      ...{ desired: 0, active: 0, terminating: going, ready: 0 },
      ...{ creating: 0, deleting: 0, surplus: 0 },
    },
    commands: commands.map((command): Command => ({
      ...command,
      because: inWords(command.because),
    })),
  };
}

function inWords(because: string): string {
  return `${because}; its pool is gone`;
}
