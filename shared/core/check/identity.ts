import { contestedBy, modeOf } from '../mode.ts';
import { effectAt } from '../situation.ts';
import { finding, withVerb, type Checked } from './checked.ts';

/** I9, I12, I13: the plan is the next of this epoch, of this set as it stands, in its mode. */
export function checkIdentity(checked: Checked): readonly string[] {
  const { view, set, decided, moment } = checked;
  const ref = decided.set;
  const sameSet =
    ref.kind === set.kind &&
    ref.namespace === set.meta.namespace &&
    ref.name === set.meta.name &&
    ref.generation === (set.meta.generation ?? 0);
  // KubeVirt's controllers leave alone what a pool that is gone has left behind.
  const isContestable = decided.mode === 'manage' && ref.gone !== true;
  const contested = isContestable && contestedBy(view, set, moment);
  const onlyTells = decided.commands.every((command) => command.verb === 'post-event');
  return [
    ...finding(!sameSet, 'I9 the plan is about another state of the set'),
    ...finding(
      decided.epoch !== view.epoch || decided.plan !== view.plan + 1,
      'I9 the plan is not the next one of this epoch',
    ),
    ...finding(decided.basis !== view.sequence, 'I9 the plan was made from another view'),
    ...decided.commands.flatMap((command, at) =>
      finding(command.effect !== effectAt(checked, at), `I9 command ${at} has a wrong effect id`),
    ),
    ...finding(
      modeOf(set, moment.policy) !== decided.mode,
      `I13 the set is not in mode ${decided.mode}`,
    ),
    ...finding(Boolean(contested) && !onlyTells, 'I13 the set is contested'),
    ...checkWithdraws(checked),
    ...checkStatus(checked),
  ];
}

function checkWithdraws({ decided, pending }: Checked): readonly string[] {
  return (decided.withdraws ?? []).flatMap((effect) => {
    const known = pending.find(({ command }) => command.effect === effect);
    return finding(
      known === undefined || known.outcome !== undefined,
      `I12 ${effect} is not a command of this set that waits for its outcome`,
    );
  });
}

function checkStatus(checked: Checked): readonly string[] {
  const { moment, mode, pending } = checked;
  const writes = withVerb(checked, 'write-status').length;
  if (writes === 0) return [];
  return [
    ...finding(mode !== 'manage', 'I14 an advice writes the status'),
    ...finding(
      moment.policy.kubevirtControllers === 'running',
      "I14 the status is written while KubeVirt's controllers do so",
    ),
    ...finding(
      writes + pending.filter(({ command }) => command.verb === 'write-status').length > 1,
      'I14 more than one status write is on its way',
    ),
  ];
}
