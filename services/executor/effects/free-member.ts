import { already, applied, refusal, stale } from '../call.ts';
import type { Effect } from './effect.ts';
import { removalOfPoolFinalizer } from './finalizer.ts';
import { isGuarded } from './keep-mark.ts';
import { testOfVersion } from './owners.ts';
import { isRaced } from './race.ts';
import { readVictim } from './victim.ts';

const mostTries = 3;

export const freeMember: Effect<'free-member'> = async (hands, job) => {
  const { command, plan } = job;
  const { namespace } = plan.set;
  for (let attempt = 0; attempt < mostTries; attempt += 1) {
    const sight = await readVictim(hands, job);
    if (sight.type === 'unseen') return sight.result;
    const losesDisks = command.disks.length > 0 && isGuarded(sight.victim.object);
    if (losesDisks) return stale('MemberChanged');
    const { object } = sight.victim;
    const removal = removalOfPoolFinalizer(object);
    if (removal === undefined) return already(object);
    // Whose it is and what it says of its disks holds for what was read alone.
    const body = [testOfVersion(object), ...removal];
    const patched = await hands.cluster.patch(
      { kind: 'VirtualMachine', namespace, name: command.member.name },
      { type: 'json', body },
    );
    if (patched.ok) return applied(patched.value);
    if (patched.failure.kind === 'not-found') return already();
    if (!isRaced(patched.failure, { type: 'json' })) return refusal(patched.failure);
  }
  return stale('MemberChanged');
};
