import type { Healing, Pool, Vm } from '#shared/contract/objects.ts';
import { autohealingAnnotation } from '#shared/contract/words.ts';
import { haltOf } from '../halt.ts';
import { massDeleteHold } from '../mass-delete.ts';
import { desiredOf } from '../objects.ts';
import { soonest } from '../per-target.ts';
import { removeMembers } from '../removal.ts';
import { nothing, type Situation, type Step } from '../situation.ts';
import { msOf } from '../time.ts';
import type { PoolMembers } from './members.ts';
import { keepsDisks } from './policy.ts';
import { byPolicy, deletedNotice, failedScaleIn } from './scale-in.ts';

/** KubeVirt's defaults (pool.go 6.10). */
const defaultFailures = 3;
const defaultFailingMs = 5 * 60 * 1000;

/** Printable states in which a machine does not get anywhere by itself. */
const failing: ReadonlySet<string> = new Set([
  'CrashLoopBackOff',
  'ErrorUnschedulable',
  'DataVolumeError',
  'ErrorPvcNotFound',
  'ErrImagePull',
  'ImagePullBackOff',
]);

/** Most members that are healed within the window of the mass-delete guard, as a share of the set. */
const healedShare = 0.2;

/**
 * Replaces members that do not start: its own alone (B4), few at a time, and none while more than half of
 * the pool fails alike, for then the fault is elsewhere and new machines would fail as well. Asks again
 * when the next one will have failed for long enough, whatever else happens (B6).
 */
export function heal(situation: Situation<Pool>, members: PoolMembers): Step {
  const { set, moment } = situation;
  const healing = healingOf(situation);
  if (healing === undefined) return nothing;
  const { ill, wakeAt } = illOf(members.staying, healing, moment.now);
  if (ill.length === 0) return { type: 'pass', wakeAt };
  // Upstream takes them by the policy of scale-in, selectors included (pool.go 6.10).
  const { order, problem } = byPolicy(set, ill);
  if (problem !== undefined) {
    const trouble = failedScaleIn(`the selectors are wrong: ${problem}`);
    return { type: 'pass', wakeAt, trouble };
  }
  if (order.length === 0) return { type: 'pass', wakeAt };
  const because = `${ill.length} do not start`;
  const halt = haltOf(situation);
  if (halt !== undefined) {
    return { type: 'pass', because, ...halt, wakeAt: soonest(wakeAt, halt.wakeAt) };
  }
  const alike = mostAlike(ill);
  if (alike.count > Math.max(1, members.all.length / 2)) {
    const held = `${alike.count} of ${members.all.length} fail alike (${alike.state}): not healed`;
    return { type: 'pass', because, hold: { reason: 'HealingHeld', because: held }, wakeAt };
  }
  const { left, freeAt } = allowance(situation, members);
  if (left === 0) return { type: 'pass', because, wakeAt: soonest(wakeAt, freeAt) };
  const wanted = Math.min(left, order.length);
  const size = Math.max(desiredOf(set), members.all.length);
  const blocked = massDeleteHold(situation, { wanted, explained: 0, size });
  if (blocked !== undefined) {
    return { type: 'pass', because, ...blocked, wakeAt: soonest(wakeAt, blocked.wakeAt) };
  }
  const removed = removeMembers(situation, {
    order,
    wanted,
    purpose: 'heal',
    because,
    noticeOf: (member) => deletedNotice(set, member),
    keepsDisksOf: (member) => member.kind === 'VirtualMachine' && keepsDisks(set, member, 'heal'),
  });
  const next = soonest(soonest(wakeAt, removed.wakeAt), freeAt);
  const { commands, candidates, hold } = removed;
  if (commands.length === 0) return { type: 'pass', because, wakeAt: next, hold };
  return { type: 'act', because, commands, candidates, wakeAt: next, hold };
}

/** While KubeVirt's controllers run, spec.autohealing is theirs, and an annotation stands in for it. */
function healingOf({ set, moment }: Situation<Pool>): Healing | undefined {
  if (moment.policy.kubevirtControllers === 'off') return set.healing;
  return set.meta.annotations[autohealingAnnotation] === 'true' ? {} : undefined;
}

/** Log time at which a member counts as ill; undefined when it does not fail. */
function illAt(vm: Vm, { failures, failingMs }: Healing): number | undefined {
  if ((vm.consecutiveFailCount ?? 0) >= (failures ?? defaultFailures)) return 0;
  if (!failing.has(vm.printableStatus ?? '') || vm.ready?.status !== 'False') return undefined;
  const { lastProbeTime, lastTransitionTime } = vm.ready;
  const since = msOf(lastProbeTime) ?? msOf(lastTransitionTime) ?? msOf(vm.meta.createdAt) ?? 0;
  return since + (failingMs ?? defaultFailingMs);
}

/** Members that are ill, lowest ordinal first, and when the next one will be. */
function illOf(
  members: readonly Vm[],
  healing: Healing,
  now: number,
): { readonly ill: readonly Vm[]; readonly wakeAt: number | undefined } {
  const ill: Vm[] = [];
  let wakeAt: number | undefined;
  for (const vm of members) {
    const at = illAt(vm, healing);
    if (at === undefined) continue;
    if (at <= now) ill.push(vm);
    else wakeAt = soonest(wakeAt, at);
  }
  return { ill, wakeAt };
}

function mostAlike(ill: readonly Vm[]): { readonly count: number; readonly state: string } {
  const groups = Map.groupBy(ill, ({ printableStatus }) => printableStatus ?? 'failed starts');
  const [state, most] = [...groups]
    .toSorted(([left, few], [right, many]) => many.length - few.length || (left < right ? -1 : 1))
    .at(0) ?? ['', []];
  return { count: most.length, state };
}

/** How many may be healed now, and when there is room for another one. */
function allowance(
  { memory, moment, set }: Situation<Pool>,
  members: PoolMembers,
): { readonly left: number; readonly freeAt: number | undefined } {
  const { massDeleteWindowMs } = moment.limits;
  const healed = [...memory.destroyed.values()]
    .filter(({ at, heals }) => heals === true && at > moment.now - massDeleteWindowMs)
    .map(({ at }) => at)
    .toSorted((left, right) => left - right);
  const size = Math.max(desiredOf(set), members.all.length);
  const most = Math.max(1, Math.floor(healedShare * size));
  const first = healed[0];
  return {
    left: Math.max(0, most - healed.length),
    freeAt: first === undefined ? undefined : first + massDeleteWindowMs,
  };
}
