import type { Pool, Revision, Vm } from '#shared/contract/objects.ts';
import { progressDeadlineAnnotation } from '#shared/contract/words.ts';
import type { Situation } from '../situation.ts';
import { msOf } from '../time.ts';
import type { Current, Rollout } from './rollout.ts';

const defaultDeadlineMs = 600_000;

export type Progress = {
  readonly current: Revision | undefined;
  /** Members have yet to be taken down. */
  readonly rolling: boolean;
  /** Updated members that are not available. */
  readonly members: readonly Current[];
};

/**
 * Which updated members do not come up. A roll-out goes on until the last of them is available, which the
 * condition of its progress remembers: a member that fails long after is no matter of the template.
 */
export function deadlinesOf(
  { set, moment }: Situation<Pool>,
  { current, rolling, members }: Progress,
): Pick<Rollout, 'waiting' | 'stuck' | 'stuckAt'> {
  const goesOn = rolling || set.status.conditions?.some(({ type }) => type === 'Progressing');
  if (goesOn !== true || members.length === 0)
    return { waiting: [], stuck: [], stuckAt: undefined };
  const since = msOf(current?.meta.createdAt) ?? 0;
  const deadlineMs = deadlineOf(set);
  const stuck: Vm[] = [];
  let stuckAt: number | undefined;
  for (const member of members) {
    const at = Math.max(since, triedSince(member, moment.now)) + deadlineMs;
    if (at <= moment.now) stuck.push(member.vm);
    else stuckAt = Math.min(stuckAt ?? at, at);
  }
  return { waiting: members.map(({ vm }) => vm), stuck, stuckAt };
}

/**
 * When a member began to come up. Each attempt of one that fails makes a new instance and a new
 * transition, so those count only while none has failed.
 */
function triedSince({ vm, vmi, leaving }: Current, now: number): number {
  if (leaving) return msOf(vmi?.meta.deletedAt) ?? now;
  const made = msOf(vm.meta.createdAt) ?? 0;
  if ((vm.consecutiveFailCount ?? 0) > 0) return made;
  const { lastTransitionTime, lastProbeTime } = vm.ready ?? {};
  const turned = msOf(lastTransitionTime) ?? msOf(lastProbeTime) ?? 0;
  return Math.max(made, msOf(vmi?.meta.createdAt) ?? 0, turned);
}

function deadlineOf({ meta }: Pool): number {
  const text = meta.annotations[progressDeadlineAnnotation] ?? '';
  return /^\d{1,7}$/.test(text) ? Number(text) * 1000 : defaultDeadlineMs;
}
