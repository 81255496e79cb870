import type { EndangeredDisk } from '#shared/contract/commands.ts';
import type { EffectId } from '#shared/contract/ids.ts';
import type { Pool, Vm } from '#shared/contract/objects.ts';
import { disksPerPlan, endangeredDisks } from '../disks.ts';
import { haltOf } from '../halt.ts';
import { isTerminating } from '../objects.ts';
import { removeMembers } from '../removal.ts';
import { soonest } from '../per-target.ts';
import { waitsUntil } from '../refusals.ts';
import { effectAt, isPending, nothing, type Situation, type Step } from '../situation.ts';
import { unstartedCreates } from '../to-size.ts';
import { freeStep, keepThenFree } from './free.ts';
import { isMarkedKept } from './keep-mark.ts';
import { hasPoolFinalizer, type PoolMembers } from './members.ts';
import { detached } from './release.ts';
import { deletedNotice } from './scale-in.ts';

const because = 'the pool is being deleted';

/**
 * Lets go of a pool that is being deleted: first of each of its own members, then, when no create and no
 * removal is on its way any more, of the pool itself. Members are found by owner, never by label.
 */
export function retire(situation: Situation<Pool>, members: PoolMembers): Step {
  const { set, pending, memory } = situation;
  const held = [...members.all, ...detached(situation)].filter(hasPoolFinalizer);
  const marked = members.all.filter((vm) => hasPoolFinalizer(vm) && isMarkedKept(vm));
  const keeping = new Set([...held.filter(({ meta }) => memory.keeps.has(meta.uid)), ...marked]);
  // Whether one that was to leave its disks behind goes at all is not known before its delete has ended.
  const open = held.filter((vm) => !keeping.has(vm) || isTerminating(vm));
  const freeing =
    open.length === 0
      ? nothing
      : keepThenFree(situation, {
          held: open,
          keeping: open.filter((vm) => isTerminating(vm) && (keeping.has(vm) || isMarkedKept(vm))),
          purposeOf: () => 'retire',
        });
  const step =
    freeing.type === 'act' ? freeing : deleteMarked(situation, members, { marked, freeing });
  const withdraws = unstartedCreates(pending).map(({ command }) => command.effect);
  if (withdraws.length > 0) return withWithdraws(step, withdraws);
  if (held.length > 0 || !hasPoolFinalizer(set)) return step;
  // A finalizer that is on its way to a member would outlive the pool, and nobody would take it off.
  const moving = isPending(situation, 'free-member') || isPending(situation, 'secure-member');
  if (members.coming > 0 || moving) return { type: 'pass', because };
  return retireSet(situation, members);
}

/**
 * Members that are to leave their disks behind whatever removes them are deleted one by one: once the pool
 * is gone, the garbage collector takes machine and disks together, and asks nobody.
 */
function deleteMarked(
  situation: Situation<Pool>,
  { doomed }: PoolMembers,
  { marked, freeing }: { readonly marked: readonly Vm[]; readonly freeing: Step },
): Step {
  const order = marked.filter((vm) => !isTerminating(vm) && !doomed.has(vm.meta.uid));
  if (order.length === 0) return freeing;
  const halt = haltOf(situation);
  if (halt !== undefined) return { type: 'pass', because, ...halt };
  const { commands, candidates, wakeAt, hold } = removeMembers(situation, {
    order,
    wanted: order.length,
    purpose: 'retire',
    because: `${because}: the disks of its members that say so are kept`,
    noticeOf: (member) => deletedNotice(situation.set, member),
    keepsDisksOf: () => true,
  });
  const next = soonest(freeing.wakeAt, wakeAt);
  const beside = { hold: freeing.hold ?? hold, trouble: freeing.trouble, wakeAt: next };
  if (commands.length === 0) return { type: 'pass', because, ...beside };
  return { type: 'act', because, commands, candidates, ...beside };
}

function retireSet(situation: Situation<Pool>, members: PoolMembers): Step {
  const { view, memory, moment } = situation;
  if (isPending(situation, 'retire-set')) return { type: 'pass', because };
  const wakeAt = waitsUntil(view, memory, { class: 'retire', now: moment.now });
  if (wakeAt !== undefined) return { type: 'pass', because, wakeAt };
  const halt = haltOf(situation);
  if (halt !== undefined) return { type: 'pass', because, ...halt };
  const disks = disksToTell(situation, members);
  if (disks === 'too-many') return freeStep(situation, untold(situation, members), () => 'retire');
  const effect = effectAt(situation, 0);
  return {
    type: 'act',
    because,
    commands: [{ verb: 'retire-set', effect, because, disks: [...disks] }],
  };
}

/**
 * Disks of all members that are left. If they are too many for one plan, those are left out that the
 * book has from letting their members go; if the rest is still too much, members without our finalizer
 * are let go by name first, which changes nothing on them but tells their disks.
 */
function disksToTell(
  situation: Situation<Pool>,
  members: PoolMembers,
): readonly EndangeredDisk[] | 'too-many' {
  const { view } = situation;
  const all = members.all.flatMap((vm) => endangeredDisks(view, vm));
  if (all.length <= disksPerPlan) return all;
  const rest = untold(situation, members).flatMap((vm) => endangeredDisks(view, vm));
  return rest.length <= disksPerPlan ? rest : 'too-many';
}

function untold({ memory }: Situation, members: PoolMembers): readonly Vm[] {
  return members.all.filter((vm) => !memory.freed.has(vm.meta.uid));
}

function withWithdraws(step: Step, withdraws: readonly EffectId[]): Step {
  if (step.type === 'act') return { ...step, withdraws: [...withdraws] };
  const { hold, trouble, wakeAt } = step;
  return { type: 'act', because, commands: [], withdraws: [...withdraws], hold, trouble, wakeAt };
}
