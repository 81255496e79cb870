import type { RawObject } from '#shared/cluster/cluster.ts';
import type { LiveSet } from '../live-set.ts';
import { already, stale } from '../call.ts';
import type { Result } from '../call.ts';
import type { Effect, JobOf } from './effect.ts';
import { removalOfPoolFinalizer } from './finalizer.ts';
import { readObject, readStandingSet } from './live-object.ts';
import { matchesSelector } from './live-selector.ts';
import {
  controllerIn,
  isOwnedBy,
  isTerminating,
  removalOfOwner,
  testOfUid,
  testOfVersion,
} from './owners.ts';
import { patchOnce, untilWon } from './race.ts';
import { memberKind } from './victim.ts';

/**
 * Lets a living member go its own way: our owner reference leaves and, of a pool, our finalizer, each by
 * its place in the list, so that those of others stay. KubeVirt writes whole lists here and loses them
 * (controller_ref_manager.go).
 */
export const releaseMember: Effect<'release-member'> = (hands, job) =>
  untilWon(async () => {
    const sight = await readStandingSet(hands, job);
    if (sight.type === 'unseen') return sight.result;
    const { member } = job.command;
    const { kind: setKind, namespace } = job.plan.set;
    const ref = { kind: memberKind(setKind), namespace, name: member.name };
    const found = await readObject(hands, { ref, uid: member.uid, gone: already() });
    if (found.type === 'unseen') return found.result;
    const { object } = found;
    const steps = removalSteps(object, job);
    if (steps.length === 0) return already(object);
    const problem = objection(object, sight.set, job);
    if (problem !== undefined) return problem;
    // One that is deleted meanwhile would go with disks of which the book has not heard.
    const body = [testOfUid(object), testOfVersion(object), ...steps];
    return patchOnce(hands, { ref, gone: already(), patch: { type: 'json', body } });
  });

type Release = JobOf<'release-member'>;

function removalSteps(object: RawObject, { plan }: Release) {
  const isPool = plan.set.kind === 'VirtualMachinePool';
  return [
    ...removalOfOwner(object, plan.set.uid),
    ...(isPool ? (removalOfPoolFinalizer(object) ?? []) : []),
  ];
}

/** Why the member is not to be released after all. */
function objection(object: RawObject, set: LiveSet, { plan }: Release): Result | undefined {
  if (isTerminating(object)) return stale('MemberChanged');
  if (isOwnedBy(object, plan.set.uid)) {
    return matchesSelector(set, object) === 'no' ? undefined : stale('MemberChanged');
  }
  // Its owner was taken away by hand. A finalizer of the same name may be another pool's by now.
  return controllerIn(object)?.['kind'] === 'VirtualMachinePool' ? stale('NotOwned') : undefined;
}
