import { already, sightOf, stale } from '../call.ts';
import type { Effect } from './effect.ts';
import { markingFor } from './keep-mark.ts';
import { readObject } from './live-object.ts';
import { isOwnedBy, isTerminating, removalOfOwner, testOfUid } from './owners.ts';
import { patchOnce, untilWon } from './race.ts';

/**
 * Takes a member that is going off the owners of one disk, so that the garbage collector leaves the disk
 * alone; other owners stay. Goes on in a paused set and in one that is being deleted: the policy under
 * which the member was removed counts. That one stands on the member before anything is done, so that
 * what is begun is finished also by whoever has lost the log.
 */
export const preserveDisk: Effect<'preserve-disk'> = (hands, job) =>
  untilWon(async () => {
    const sight = await hands.readSetNow(job);
    if (sight.type === 'unseen') return sight.result;
    const { member, disk } = job.command;
    const { namespace } = job.plan.set;
    const ref = { kind: disk.kind, namespace, name: disk.name };
    const gone = stale('DiskChanged');
    const found = await readObject(hands, { ref, uid: disk.uid, gone });
    if (found.type === 'unseen') return found.result;
    const { object } = found;
    // Nothing saves a disk that is being deleted.
    if (isTerminating(object)) return gone;
    if (!isOwnedBy(object, member.uid)) return already(object);
    const vmRef = { kind: 'VirtualMachine', namespace, name: member.name };
    const vm = sightOf(await hands.cluster.read(vmRef));
    if (vm.type === 'unseen') return vm.result;
    // The disk of a member that is gone already is still to be saved; that of a living one is in use.
    const stands = vm.type === 'found' && vm.object.metadata?.uid === member.uid;
    if (stands && !isTerminating(vm.object)) return stale('MemberChanged');
    const { effect } = job.command;
    const marking = stands ? markingFor(vm.object, { effect, keepDisks: true }) : undefined;
    if (marking !== undefined) {
      const marked = await patchOnce(hands, { ref: vmRef, gone: already(), patch: marking });
      // Who may not write it down still saves the disk.
      if (marked === 'raced' || 'again' in marked) return marked;
    }
    const body = [testOfUid(object), ...removalOfOwner(object, member.uid)];
    return patchOnce(hands, { ref, gone, patch: { type: 'json', body } });
  });
