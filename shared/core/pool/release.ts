import type { Pool, Vm } from '#shared/contract/objects.ts';
import { byName, isTerminating, isVm } from '../objects.ts';
import { perTarget } from '../per-target.ts';
import { refusalText, refusalsOf } from '../refusals.ts';
import { nothing, type Situation, type Step } from '../situation.ts';
import { isDetachedFrom } from './detached.ts';
import type { PoolMembers } from './members.ts';

/**
 * Lets go of living VMs that are no members any more: those whose labels the selector does not match, and
 * those that someone detached by taking the owner off. They become whole: without our reference and our
 * finalizer, and with everything else they had (B3, B5). Source: kubevirt controller_ref_manager.go.
 */
export function release(situation: Situation<Pool>, members: PoolMembers): Step {
  const strays = [...members.strays, ...detached(situation).filter((vm) => !isTerminating(vm))];
  if (strays.length === 0) return nothing;
  const { commands, wakeAt } = perTarget(situation, {
    verb: 'release-member',
    targets: strays,
    uidOf: ({ meta }) => meta.uid,
    command: ({ meta: { name, uid, owners } }, effect) => ({
      verb: 'release-member',
      effect,
      because: becauseOf(owners.length > 0, name),
      member: { name, uid },
    }),
  });
  const because = `${strays.length} no longer belong to the pool`;
  const trouble = troubleOf(situation, strays);
  if (commands.length === 0) return { type: 'pass', because, wakeAt, trouble };
  return { type: 'act', because, commands, wakeAt, trouble };
}

/** VMs that were the pool's, that nobody owns and that still carry our finalizer, by name. */
export function detached({ view, set }: Situation<Pool>): readonly Vm[] {
  const loose = view.loose.get(set.meta.namespace);
  if (loose === undefined) return [];
  return [...loose]
    .map((uid) => view.objects.get(uid))
    .filter(isVm)
    .filter((vm) => isDetachedFrom(view, set, vm))
    .toSorted(byName);
}

function becauseOf(isOwned: boolean, name: string): string {
  return isOwned
    ? `the selector does not match the labels of ${name}`
    : `${name} was detached from the pool`;
}

function troubleOf({ memory }: Situation, strays: readonly Vm[]): Step['trouble'] {
  const refusal = refusalsOf(memory, { class: 'release' }).findLast(
    ({ target, behind }) => behind === undefined && strays.some(({ meta }) => meta.uid === target),
  );
  if (refusal === undefined) return undefined;
  return { reason: 'FailedUpdate', message: `releasing is refused: ${refusalText(refusal)}` };
}
