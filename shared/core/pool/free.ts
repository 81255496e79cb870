import type { Command, EndangeredDisk, Purpose } from '#shared/contract/commands.ts';
import type { Pool, Vm } from '#shared/contract/objects.ts';
import { isUnclear, memberHold } from '../annotations.ts';
import { disksPerPlan, endangeredDisks } from '../disks.ts';
import { haltOf } from '../halt.ts';
import { isTerminating } from '../objects.ts';
import { soonest } from '../per-target.ts';
import { refusalText, refusalsOf, waitsUntil } from '../refusals.ts';
import {
  effectAt,
  nothing,
  roomOf,
  type Situation,
  type Step,
  type Trouble,
} from '../situation.ts';
import { hasPoolFinalizer, type PoolMembers } from './members.ts';
import { kept } from './policy.ts';
import { preserveDisks } from './preserve.ts';
import { detached } from './release.ts';

/**
 * Lets terminating members go, at any size of the pool: a VM that someone deletes to make room must not
 * hang on our finalizer because a create is refused (B5, B28). The purpose and the policy for disks are
 * those under which it was deleted. VMs that were detached before they were deleted go the same way.
 */
export function free(situation: Situation<Pool>, members: PoolMembers): Step {
  const { set, memory } = situation;
  const gone = [...members.terminating, ...detached(situation).filter(isTerminating)];
  const held = gone.filter(hasPoolFinalizer);
  if (held.length === 0) return nothing;
  return keepThenFree(situation, {
    held,
    keeping: held.filter((vm) => kept(set, memory, vm)),
    purposeOf: (vm) => memory.purposes.get(vm.meta.uid) ?? 'free',
  });
}

export type LettingGo = {
  readonly held: readonly Vm[];
  /** Those of them whose disks stay. */
  readonly keeping: readonly Vm[];
  readonly purposeOf: (vm: Vm) => Purpose;
};

/**
 * Frees disks of the members that are to leave them behind, and lets all others go. One whose annotation
 * may have been meant to keep its disks hangs on our finalizer until that is clear.
 */
export function keepThenFree(situation: Situation<Pool>, letting: LettingGo): Step {
  const unclear = letting.held.filter(isUnclear);
  if (unclear.length === 0) return freeClear(situation, letting);
  const held = letting.held.filter((vm) => !unclear.includes(vm));
  const keeping = letting.keeping.filter((vm) => !unclear.includes(vm));
  const step = held.length === 0 ? nothing : freeClear(situation, { ...letting, held, keeping });
  return { ...step, hold: step.hold ?? memberHold(unclear) };
}

function freeClear(situation: Situation<Pool>, { held, keeping, purposeOf }: LettingGo): Step {
  const { commands, clinging, wakeAt } = preserveDisks(situation, keeping);
  const because = becauseOf(held, purposeOf);
  const trouble = preserveTrouble(situation);
  if (commands.length > 0) {
    return { type: 'act', because: 'disks are kept', commands, wakeAt, trouble };
  }
  const free = held.filter((vm) => !clinging.includes(vm));
  if (free.length === 0) return { type: 'pass', because, wakeAt, trouble };
  const step = freeStep(situation, free, purposeOf);
  return { ...step, wakeAt: soonest(step.wakeAt, wakeAt), trouble: step.trouble ?? trouble };
}

/** Removes our finalizer from as many of these members as one plan may hold. */
export function freeStep(
  situation: Situation<Pool>,
  held: readonly Vm[],
  purposeOf: (vm: Vm) => Purpose,
): Step {
  const because = becauseOf(held, purposeOf);
  const { view } = situation;
  const halt = haltOf(situation);
  if (halt !== undefined) return { type: 'pass', because, ...halt };
  const { ready, wakeAt } = readyToFree(situation, held);
  const trouble = troubleOf(situation, held);
  const commands: Command[] = [];
  let listed = 0;
  for (const vm of ready.slice(0, roomOf(situation))) {
    const disks = endangeredDisks(view, vm);
    if (listed + disks.length > disksPerPlan) break;
    listed += disks.length;
    commands.push(
      freeMember(situation, { vm, disks, purpose: purposeOf(vm), at: commands.length }),
    );
  }
  if (commands.length === 0) return { type: 'pass', because, wakeAt, trouble };
  return { type: 'act', because, commands, wakeAt, trouble };
}

type Freeing = {
  readonly vm: Vm;
  readonly disks: readonly EndangeredDisk[];
  readonly purpose: Purpose;
  readonly at: number;
};

function freeMember(situation: Situation, { vm, disks, purpose, at }: Freeing): Command {
  return {
    verb: 'free-member',
    effect: effectAt(situation, at),
    because: clauseOf(vm, purpose),
    member: { name: vm.meta.name, uid: vm.meta.uid },
    purpose,
    disks: [...disks],
  };
}

function readyToFree(
  { view, memory, moment, pending }: Situation,
  held: readonly Vm[],
): { readonly ready: readonly Vm[]; readonly wakeAt: number | undefined } {
  const asked = new Set(
    pending.flatMap(({ command }) => (command.verb === 'free-member' ? [command.member.uid] : [])),
  );
  const ready: Vm[] = [];
  let wakeAt: number | undefined;
  for (const vm of held) {
    if (asked.has(vm.meta.uid)) continue;
    const { uid } = vm.meta;
    const until = waitsUntil(view, memory, { class: 'free', target: uid, now: moment.now });
    if (until === undefined) ready.push(vm);
    else wakeAt = soonest(wakeAt, until);
  }
  return { ready, wakeAt };
}

function troubleOf({ memory }: Situation, held: readonly Vm[]): Trouble | undefined {
  const refusal = refusalsOf(memory, { class: 'free' }).findLast(
    ({ target, behind }) => behind === undefined && held.some((vm) => vm.meta.uid === target),
  );
  if (refusal === undefined) return undefined;
  const message = `error during scale in: removing a finalizer is refused: ${refusalText(refusal)}`;
  return { reason: 'FailedScaleIn', message };
}

function preserveTrouble({ memory, view }: Situation): Trouble | undefined {
  const objects: ReadonlyMap<string, unknown> = view.objects;
  const refusal = refusalsOf(memory, { class: 'preserve' }).findLast(
    ({ behind, target }) => behind === undefined && objects.has(target ?? ''),
  );
  if (refusal === undefined) return undefined;
  const message = `error during scale in: keeping a disk is refused: ${refusalText(refusal)}`;
  return { reason: 'FailedScaleIn', message };
}

function becauseOf(held: readonly Vm[], purposeOf: (vm: Vm) => Purpose): string {
  const [first, ...others] = held;
  if (first === undefined) return 'no member waits to be let go';
  const clause = clauseOf(first, purposeOf(first));
  return others.length === 0 ? clause : `${clause}, and ${others.length} more wait to be let go`;
}

function clauseOf({ meta }: Vm, purpose: Purpose): string {
  switch (purpose) {
    case 'free':
      return `${meta.name} was deleted by someone else`;
    case 'retire':
      return `the pool is being deleted: ${meta.name} is let go`;
    case 'scale-in':
    case 'clean-up':
      return `${meta.name} was removed by scale-in`;
    case 'heal':
      return `${meta.name} was removed by healing`;
    case 'replace':
      return `${meta.name} was removed to be made anew`;
    case 'surge':
      return `${meta.name} was an extra member of a roll-out`;
  }
}
