import type { Command } from '#shared/contract/commands.ts';
import type { Uid } from '#shared/contract/ids.ts';
import type { Pool, Revision, Vm } from '#shared/contract/objects.ts';
import { poolFinalizer } from '#shared/contract/words.ts';
import { byName, controllerOf, isReady, isTerminating, isVm, namedAs } from '../objects.ts';
import { ordinalOf } from '../names.ts';
import { parseSelector, selectorMatches } from '../selector.ts';
import type { Situation } from '../situation.ts';
import { isBeyond, isExtra } from './extra.ts';

/** VMs of a pool. All are owned by its uid; terminating ones count as present. */
export type PoolMembers = {
  /** In the order of their ordinals. */
  readonly all: readonly Vm[];
  /** Neither terminating nor about to be deleted by us, lowest ordinal first. */
  readonly staying: readonly Vm[];
  /** Living members without our finalizer. */
  readonly bare: readonly Vm[];
  readonly terminating: readonly Vm[];
  /** Standing, with a delete of ours on its way. */
  readonly doomed: ReadonlySet<Uid>;
  /** Living VMs that the pool owns though its selector does not match their labels: not counted. */
  readonly strays: readonly Vm[];
  /** How many are ready, terminating ones included. */
  readonly ready: number;
  /** Creates on their way whose VM is not seen yet. */
  readonly coming: number;
  /** Extra members of a roll-out among all. */
  readonly extras: ReadonlySet<Uid>;
  /** How many of those that are coming are extra. */
  readonly extrasComing: number;
  /** Revisions that the pool owns and that stay. */
  readonly revisions: readonly Revision[];
};

/** One pass over what the pool owns, because every decision makes it. */
export function poolMembers(situation: Situation<Pool>): PoolMembers {
  const { vms, revisions } = ownedVms(situation);
  const belongs = membership(situation);
  const deleted = doomedBy(situation);
  const all: Vm[] = [];
  const staying: Vm[] = [];
  const bare: Vm[] = [];
  const terminating: Vm[] = [];
  const strays: Vm[] = [];
  const doomed = new Set<Uid>();
  const extras = new Set<Uid>();
  let ready = 0;
  for (const vm of vms) {
    const going = isTerminating(vm);
    if (!going && belongs?.(vm) === false) {
      strays.push(vm);
      continue;
    }
    all.push(vm);
    if (isExtra(situation.set, vm)) extras.add(vm.meta.uid);
    if (isReady(vm)) ready += 1;
    if (going) terminating.push(vm);
    else if (deleted.size > 0 && deleted.has(vm.meta.uid)) doomed.add(vm.meta.uid);
    else staying.push(vm);
    if (!going && !hasPoolFinalizer(vm)) bare.push(vm);
  }
  const comes = unseenCreates(situation, new Set(strays));
  const coming = comes.length;
  const extrasComing = comes.filter(
    ({ extra, ordinal }) => extra === true && isBeyond(situation.set, ordinal),
  ).length;
  return {
    ...{ all, staying, bare, terminating, doomed, strays, ready, revisions },
    ...{ coming, extras, extrasComing },
  };
}

/** VMs by ordinal, those without one first: they were not made by us. Equal ordinals go by name. */
function ownedVms({ view, set }: Situation<Pool>): {
  readonly vms: readonly Vm[];
  readonly revisions: readonly Revision[];
} {
  const vms: Vm[] = [];
  const ordinals: number[] = [];
  const revisions: Revision[] = [];
  for (const uid of view.owned.get(set.meta.uid) ?? []) {
    const object = view.objects.get(uid);
    if (object?.kind === 'VirtualMachine') {
      vms.push(object);
      ordinals.push(ordinalOf(object.meta.name) ?? -1);
    } else if (object?.kind === 'ControllerRevision' && !isTerminating(object)) {
      revisions.push(object);
    }
  }
  return { vms: byOrdinal(vms, ordinals), revisions: revisions.toSorted(byName) };
}

/** Ordinals are nearly always all different and close together, so that no comparison is needed. */
function byOrdinal(vms: readonly Vm[], ordinals: readonly number[]): readonly Vm[] {
  const places: (Vm | undefined)[] = [];
  places.length = 2 * vms.length;
  for (const [at, vm] of vms.entries()) {
    const ordinal = ordinals[at] ?? -1;
    if (ordinal < 0 || ordinal >= places.length || places[ordinal] !== undefined) {
      return compared(vms);
    }
    places[ordinal] = vm;
  }
  return places.filter((vm) => vm !== undefined);
}

function compared(vms: readonly Vm[]): readonly Vm[] {
  return vms
    .map((vm) => ({ vm, ordinal: ordinalOf(vm.meta.name) ?? -1 }))
    .toSorted((left, right) => left.ordinal - right.ordinal || byName(left.vm, right.vm))
    .map(({ vm }) => vm);
}

/**
 * Whether a VM counts. A spec that cannot be used takes no member from the pool, for it is what has to be
 * mended; nor does one that is being deleted, for its members go with it.
 */
function membership({ set, problem }: Situation<Pool>): ((vm: Vm) => boolean) | undefined {
  if (problem !== undefined || isTerminating(set) || set.selector === undefined) return undefined;
  const parsed = parseSelector(set.selector);
  if ('problem' in parsed) return undefined;
  return ({ meta }) => selectorMatches(parsed, meta.labels);
}

function unseenCreates(
  { view, set, pending }: Situation<Pool>,
  strays: ReadonlySet<Vm>,
): readonly Extract<Command, { verb: 'create-vm' }>[] {
  const { namespace, uid } = set.meta;
  return pending.flatMap(({ command }) => {
    if (command.verb !== 'create-vm') return [];
    const isSeen = namedAs(view, 'VirtualMachine', { namespace, name: command.name }).some(
      (vm) => controllerOf(vm.meta)?.uid === uid && isVm(vm) && !strays.has(vm),
    );
    return isSeen ? [] : [command];
  });
}

/** Members that a pending delete of ours is about. */
function doomedBy({ pending }: Situation): ReadonlySet<Uid> {
  const doomed = new Set<Uid>();
  for (const { command } of pending) {
    if (command.verb === 'delete-member') doomed.add(command.member.uid);
  }
  return doomed;
}

export function hasPoolFinalizer({ meta }: Vm | Pool): boolean {
  return meta.finalizers.includes(poolFinalizer);
}
