import type { Notice } from '#shared/contract/commands.ts';
import type { Pool, Vm } from '#shared/contract/objects.ts';
import { revisionLabel } from '#shared/contract/words.ts';
import { ordinalOf } from '../names.ts';
import { perTarget } from '../per-target.ts';
import { refusalText, refusalsOf } from '../refusals.ts';
import { nothing, type Situation, type Step, type Trouble } from '../situation.ts';
import { keepRevision } from './revision.ts';
import type { Rollout } from './rollout.ts';

/**
 * Brings the template to the VMs that stand: all at once, for nothing that runs is touched yet. A VM whose
 * disks would change is left as it is until they may be replaced, and one that was stamped under another
 * key is not known to be behind. Source: kubevirt pool.go, handleUpdates.
 */
export function update(situation: Situation<Pool>, rollout: Rollout): Step {
  const { set, mode } = situation;
  const { template } = set;
  if (template === undefined || !touchesMachines(rollout)) return nothing;
  if (rollout.problem !== undefined) return unreadable(rollout.problem);
  const behind = rollout.open.filter(({ edit }) => isBehind(edit)).map(({ vm }) => vm);
  const { settled } = rollout;
  const targets = [...behind, ...settled];
  if (targets.length + waitsForDisks(rollout).length === 0) return nothing;
  const revision = rollout.current?.meta.name;
  if (revision === undefined) {
    // Disks are replaced for a revision that somebody names, so it has to stand before that.
    return mode === 'manage' ? keepRevision(situation, template) : nothing;
  }
  if (targets.length === 0) return nothing;
  const because =
    behind.length > 0
      ? `the template has changed: ${behind.length} VMs are behind ${revision}`
      : `${targets.length} were extra for a roll-out and stay`;
  const trouble = troubleOf(situation, targets);
  const { commands, wakeAt } = perTarget(situation, {
    verb: 'update-vm',
    targets,
    uidOf: ({ meta }) => meta.uid,
    digest: template.digest,
    command: (vm, effect) => {
      const { meta } = vm;
      const from = meta.labels[revisionLabel];
      return {
        verb: 'update-vm',
        ...{ effect, because, revision },
        notice: updatedNotice(meta),
        member: { name: meta.name, uid: meta.uid },
        ordinal: ordinalOf(meta.name) ?? 0,
        ...(from !== undefined && { from }),
        ...(settled.includes(vm) && { stays: true }),
      };
    },
  });
  if (commands.length === 0) return { type: 'pass', because, wakeAt, trouble };
  return { type: 'act', because, commands, template: template.digest, wakeAt, trouble };
}

/** Members that only new disks would bring up to date. */
export function waitsForDisks(rollout: Rollout): readonly Vm[] {
  if (!touchesMachines(rollout)) return [];
  return rollout.open.filter(({ edit }) => edit === 'replace').map(({ vm }) => vm);
}

function touchesMachines({ strategy }: Rollout): boolean {
  return strategy.type === 'proactive' || strategy.type === 'opportunistic';
}

function isBehind(edit: Rollout['open'][number]['edit']): boolean {
  return edit === 'machine' || edit === 'restart' || edit === 'unstamped';
}

function updatedNotice({ namespace, name }: Vm['meta']): Notice {
  return { type: 'Normal', reason: 'SuccessfulUpdate', message: `Updated VM ${namespace}/${name}` };
}

/** What cannot be read must select nothing; upstream fails the pass. */
function unreadable(problem: string): Step {
  const message = `error during VM update: the selectors are wrong: ${problem}`;
  return { type: 'pass', because: message, trouble: { reason: 'FailedUpdate', message } };
}

function troubleOf({ memory, set }: Situation<Pool>, behind: readonly Vm[]): Trouble | undefined {
  const digest = set.template?.digest;
  const refusal = refusalsOf(memory, { class: 'update', digest }).findLast(
    (refused) =>
      refused.behind === undefined && behind.some(({ meta }) => meta.uid === refused.target),
  );
  if (refusal === undefined) return undefined;
  const message = `error during VM update: updating is refused: ${refusalText(refusal)}`;
  return { reason: 'FailedUpdate', message };
}
