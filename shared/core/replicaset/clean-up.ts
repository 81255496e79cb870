import type { ReplicaSet, Vmi } from '#shared/contract/objects.ts';
import { haltOf } from '../halt.ts';
import { massDeleteHold } from '../mass-delete.ts';
import { byName, desiredOf } from '../objects.ts';
import { removalTrouble, removeMembers } from '../removal.ts';
import { nothing, type Situation, type Step } from '../situation.ts';
import { deleteTrouble } from './scale.ts';
import type { Standing } from './standing.ts';

/**
 * Clears away VMIs that no longer count: finished ones, and those that lose their pod. Their replacement
 * is made before, so this comes after the size. Finished ones are never held as mass deletion: nothing
 * that runs is destroyed. Those that lose their pod may still run, so they are weighed.
 */
export function cleanUp(situation: Situation<ReplicaSet>, standing: Standing): Step {
  const { set, pending } = situation;
  const { finished, unknown } = standing.members;
  const asked = new Set(
    pending.flatMap(({ command }) =>
      command.verb === 'delete-member' ? [command.member.uid] : [],
    ),
  );
  const isOpen = ({ meta }: Vmi): boolean => !asked.has(meta.uid);
  const doubtful = unknown.filter(isOpen);
  const ended = finished.filter(isOpen);
  if (ended.length + doubtful.length === 0) return nothing;
  const because = `${ended.length + doubtful.length} finished or lost, and replaced`;
  const halt = haltOf(situation);
  if (halt !== undefined) return { type: 'pass', because, ...halt };
  const blocked = massDeleteHold(situation, {
    wanted: doubtful.length,
    explained: 0,
    size: Math.max(desiredOf(set), standing.members.active.length + unknown.length),
  });
  const order = [...ended, ...(blocked === undefined ? doubtful : [])].toSorted(byName);
  const removed = removeMembers(situation, {
    order,
    wanted: order.length,
    purpose: 'clean-up',
    because,
    noticeOf: ({ meta }) => ({
      type: 'Normal',
      reason: 'SuccessfulDelete',
      message: `Deleted finished virtual machine: ${meta.uid}`,
    }),
  });
  const trouble = removalTrouble(situation, order, deleteTrouble);
  const wakeAt = removed.wakeAt ?? blocked?.wakeAt;
  const hold = blocked?.hold;
  const { commands } = removed;
  if (commands.length === 0) return { type: 'pass', because, trouble, hold, wakeAt };
  return { type: 'act', because, commands, trouble, hold, wakeAt };
}
