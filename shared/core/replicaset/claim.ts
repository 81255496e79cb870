import type { ReplicaSet } from '#shared/contract/objects.ts';
import { byName, controllerOf } from '../objects.ts';
import { perTarget } from '../per-target.ts';
import { nothing, type Situation, type Step } from '../situation.ts';
import { matcherOf } from './matcher.ts';
import { isFinished, type ReplicaMembers } from './members.ts';

/**
 * Makes VMIs that nobody owns and that the selector matches the set's own. It goes on while the set is
 * paused. Source: kubevirt controller_ref_manager.go 4.3.
 */
export function adopt(situation: Situation<ReplicaSet>): Step {
  const { view, set, problem } = situation;
  if (problem !== undefined) return nothing;
  const matches = matcherOf(set);
  const orphans = [...(view.loose.get(set.meta.namespace) ?? [])]
    .flatMap((uid) => view.objects.get(uid) ?? [])
    .filter((object) => object.kind === 'VirtualMachineInstance')
    .filter((vmi) => vmi.meta.deletedAt === undefined && !isFinished(vmi) && matches?.(vmi))
    .filter((vmi) => controllerOf(vmi.meta) === undefined)
    .toSorted(byName);
  if (orphans.length === 0) return nothing;
  const because = 'the selector matches it and nobody owns it';
  const { commands, wakeAt } = perTarget(situation, {
    verb: 'adopt-member',
    targets: orphans,
    uidOf: ({ meta }) => meta.uid,
    command: ({ meta: { name, uid } }, effect) => ({
      verb: 'adopt-member',
      ...{ effect, because, member: { name, uid } },
    }),
  });
  if (commands.length === 0) return { type: 'pass', because, wakeAt };
  return { type: 'act', because, commands, wakeAt };
}

/** Lets go of living members that the selector does not match any more; all else of them stays (B29). */
export function release(situation: Situation<ReplicaSet>, { strays }: ReplicaMembers): Step {
  if (strays.length === 0) return nothing;
  const because = 'the selector does not match its labels';
  const { commands, wakeAt } = perTarget(situation, {
    verb: 'release-member',
    targets: strays,
    uidOf: ({ meta }) => meta.uid,
    command: ({ meta: { name, uid } }, effect) => ({
      verb: 'release-member',
      ...{ effect, because, member: { name, uid } },
    }),
  });
  if (commands.length === 0) return { type: 'pass', because, wakeAt };
  return { type: 'act', because, commands, wakeAt };
}
