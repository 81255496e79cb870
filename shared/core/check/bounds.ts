import { isDestructive, type Command } from '#shared/contract/commands.ts';
import { disksPerPlan } from '../disks.ts';
import { isPoisoned } from '../poison.ts';
import { unsyncedKinds } from '../synced.ts';
import { finding, withVerb, type Checked } from './checked.ts';

/** I1, I2, I5, I6: no object twice, no more than may be, nothing that the set's state forbids. */
export function checkBounds(checked: Checked): readonly string[] {
  const { decided, pending, moment, set, paused, problem, view } = checked;
  const { limits, policy } = moment;
  const { commands } = decided;
  const objects = commands.flatMap(objectOf);
  const destructive = commands.filter(isDestructive);
  // What I15 allows in a pool that is being deleted is no scaling.
  const scaling = withVerb(checked, 'create-vm', 'create-vmi', 'delete-member').filter(
    (command) => command.verb !== 'delete-member' || command.purpose !== 'retire',
  );
  const listed = destructive.reduce((sum, command) => sum + command.disks.length, 0);
  const needsProof = scaling.length + destructive.length + withVerb(checked, 'write-status').length;
  return [
    ...finding(new Set(objects).size < objects.length, 'I1 two commands touch the same object'),
    ...finding(commands.length > limits.burst, 'I2 more commands than the burst allows'),
    ...finding(
      commands.length + pending.length > limits.pending,
      'I2 more commands pending than allowed',
    ),
    ...finding(listed > disksPerPlan, 'I2 more disks than one plan lists'),
    ...finding(scaling.length > 0 && paused, 'I5 a paused set is scaled'),
    ...finding(
      scaling.length > 0 && set.meta.deletedAt !== undefined,
      'I5 a set that is being deleted is scaled',
    ),
    ...finding(
      scaling.length > 0 && problem !== undefined,
      'I5 a set with an unusable spec is scaled',
    ),
    ...finding(
      needsProof > 0 && unsyncedKinds(view, set, policy).length > 0,
      'I6 a kind that the plan needs is unsynced',
    ),
    ...finding(
      destructive.length > 0 && isPoisoned(view, set.meta.namespace),
      'I6 destruction in a poisoned namespace',
    ),
    ...finding(
      destructive.length > 0 && moment.now < view.carefulUntil,
      'I6 destruction soon after a log was taken up in the middle',
    ),
  ];
}

/** The set and its status are two objects here: their writes do not meet. */
function objectOf(command: Command): readonly string[] {
  switch (command.verb) {
    case 'secure-set':
    case 'mark-api-version':
    case 'retire-set':
    case 'roll-back':
      return ['the set'];
    case 'write-status':
      return ['the status'];
    case 'create-revision':
      return [`revision/${command.name}`];
    case 'create-vm':
    case 'create-vmi':
      return [`member/${command.name}`];
    case 'delete-member':
    case 'free-member':
    case 'secure-member':
    case 'release-member':
    case 'adopt-member':
    case 'update-vm':
      return [`member/${command.member.name}`];
    case 'restart-member':
    case 'label-instance':
      return [`instance/${command.instance.uid}`];
    case 'preserve-disk':
      return [`disk/${command.disk.uid}`];
    case 'delete-revision':
      return [`revision/${command.name}`];
    case 'post-event':
      return [];
  }
}
