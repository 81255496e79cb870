import type { JsonPatchStep, RawObject } from '#shared/cluster/cluster.ts';
import type { SetRef } from '#shared/contract/commands.ts';
import { replicaSetOwner } from '#shared/core/replicaset/stamp.ts';
import { already, stale } from '../call.ts';
import type { Effect } from './effect.ts';
import { readObject, readStandingSet } from './live-object.ts';
import { matchesSelector } from './live-selector.ts';
import { controllerIn, isTerminating, ownersOf, testOfUid, testOfVersion } from './owners.ts';
import { patchOnce, untilWon } from './race.ts';

/**
 * Makes a VMI without a controller the set's own, beside what other owners it has. Set and selector are
 * read now: a set that is being deleted would take the VMI along.
 */
export const adoptMember: Effect<'adopt-member'> = (hands, job) =>
  untilWon(async () => {
    const { member } = job.command;
    const { set } = job.plan;
    if (set.kind !== 'VirtualMachineInstanceReplicaSet') return stale('NotOwned');
    const sight = await readStandingSet(hands, job);
    if (sight.type === 'unseen') return sight.result;
    const ref = {
      kind: 'VirtualMachineInstance',
      namespace: set.namespace,
      name: member.name,
    } as const;
    const gone = stale('MemberGone');
    const found = await readObject(hands, { ref, uid: member.uid, gone });
    if (found.type === 'unseen') return found.result;
    const { object } = found;
    const controller = controllerIn(object);
    if (controller?.['uid'] === set.uid) return already(object);
    if (controller !== undefined) return stale('NotOwned');
    const fits = matchesSelector(sight.set, object) === 'yes';
    if (isTerminating(object) || !fits) return stale('MemberChanged');
    const body = additionOf(object, set);
    return patchOnce(hands, { ref, gone, patch: { type: 'json', body } });
  });

/** The server itself refuses a second controller, so the other owners need no test. */
function additionOf(object: RawObject, set: SetRef): readonly JsonPatchStep[] {
  const owner = replicaSetOwner(set);
  if (ownersOf(object).length > 0) {
    const path = '/metadata/ownerReferences/-';
    return [testOfUid(object), { op: 'add', path, value: owner }];
  }
  return [
    testOfUid(object),
    // Adding the whole list would replace one that has come in between.
    testOfVersion(object),
    { op: 'add', path: '/metadata/ownerReferences', value: [owner] },
  ];
}
