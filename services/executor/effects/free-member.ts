import { already, stale } from '../call.ts';
import type { Effect } from './effect.ts';
import { removalOfPoolFinalizer } from './finalizer.ts';
import { isGuarded } from './keep-mark.ts';
import { testOfVersion } from './owners.ts';
import { patchOnce, untilWon } from './race.ts';
import { readVictim } from './victim.ts';

/** Removes the pool finalizer from a VM, which then goes with everything that it owns. */
export const freeMember: Effect<'free-member'> = (hands, job) =>
  untilWon(async () => {
    const { command, plan } = job;
    const sight = await readVictim(hands, job);
    if (sight.type === 'unseen') return sight.result;
    const { object } = sight.victim;
    if (command.disks.length > 0 && isGuarded(object)) return stale('MemberChanged');
    const removal = removalOfPoolFinalizer(object);
    if (removal === undefined) return already(object);
    const ref = {
      kind: 'VirtualMachine',
      namespace: plan.set.namespace,
      name: command.member.name,
    } as const;
    // Whose it is and what it says of its disks holds for what was read alone.
    const body = [testOfVersion(object), ...removal];
    return patchOnce(hands, { ref, gone: already(), patch: { type: 'json', body } });
  });
