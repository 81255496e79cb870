import { poolFinalizer, securedForAnnotation } from '#shared/contract/words.ts';
import { already, stale } from '../call.ts';
import type { Effect } from './effect.ts';
import { finalizersOf } from './finalizer.ts';
import { readObject, readStandingSet } from './live-object.ts';
import { controllerIn, isTerminating, preconditionsOf } from './owners.ts';
import { patchOnce, untilWon } from './race.ts';

/**
 * Adds the pool finalizer behind those of a member that was handed back, or that KubeVirt up to 1.6 made
 * without one, with a word on whose it is: such a machine need not say so anywhere else once its owner is
 * taken off. On a terminating member it would come too late and only be in the way.
 */
export const secureMember: Effect<'secure-member'> = (hands, job) =>
  untilWon(async () => {
    const sight = await readStandingSet(hands, job);
    if (sight.type === 'unseen') return sight.result;
    const { member } = job.command;
    const { uid: owner, namespace } = job.plan.set;
    const ref = { kind: 'VirtualMachine', namespace, name: member.name };
    const gone = stale('MemberGone');
    const found = await readObject(hands, { ref, uid: member.uid, gone });
    if (found.type === 'unseen') return found.result;
    const { object } = found;
    if (controllerIn(object)?.['uid'] !== owner) return stale('NotOwned');
    if (isTerminating(object)) return stale('MemberChanged');
    const before = finalizersOf(object);
    if (before.includes(poolFinalizer)) return already(object);
    // A merge patch replaces the list: the version makes the server refuse if it has changed.
    const finalizers = [...before, poolFinalizer];
    const annotations = { [securedForAnnotation]: owner };
    const body = { metadata: { ...preconditionsOf(object), finalizers, annotations } };
    return patchOnce(hands, { ref, gone, patch: { type: 'merge', body } });
  });
