import type { Notice } from '#shared/contract/commands.ts';
import type { Pool, Vm, Vmi } from '#shared/contract/objects.ts';
import { replaceDisksAnnotation, revisionLabel } from '#shared/contract/words.ts';
import { haltOf } from '../halt.ts';
import { isReady } from '../objects.ts';
import { perTarget, soonest } from '../per-target.ts';
import { refusalText, refusalsOf } from '../refusals.ts';
import { removeMembers } from '../removal.ts';
import { nothing, type Hold, type Situation, type Step, type Trouble } from '../situation.ts';
import { isSynced } from '../surveys.ts';
import { currentRevision } from './revision.ts';
import type { Rollout, Standing } from './rollout.ts';
import { waitsForDisks } from './update.ts';

/**
 * Brings the template to what runs: a label where nothing else has changed, a restart where the instance
 * is another one now, and a new VM where its disks are to be replaced. Members that are not ready anyway
 * go at once, all others within the limits of the roll-out (kubevirt pool.go 6.8); none is taken down
 * while an updated one does not come back.
 */
export function renew(situation: Situation<Pool>, rollout: Rollout): Step {
  const { view } = situation;
  if (rollout.strategy.type !== 'proactive' || rollout.problem !== undefined) return nothing;
  if (!isSynced(view, 'VirtualMachineInstance')) return nothing;
  const labelling = relabel(situation, rollout);
  if (labelling.type === 'act') return labelling;
  const chosen = chosenNow(rollout);
  const restarting = restart(situation, chosen);
  if (restarting.type === 'act')
    return { ...restarting, wakeAt: soonest(restarting.wakeAt, rollout.stuckAt) };
  const replacing = replace(situation, chosen);
  return {
    ...replacing,
    trouble: restarting.trouble ?? replacing.trouble,
    wakeAt: soonest(soonest(restarting.wakeAt, replacing.wakeAt), rollout.stuckAt),
  };
}

/** Told while an edit of dataVolumeTemplates waits for the word that the old disks may go. */
export function diskHold(situation: Situation<Pool>, rollout: Rollout): Hold | undefined {
  const { set, view } = situation;
  const waiting = waitsForDisks(rollout);
  if (waiting.length === 0 || mayReplaceDisks(situation)) return undefined;
  const revision = currentRevision(view, set)?.meta.name;
  const because =
    revision === undefined
      ? `the disks of ${waiting.length} members would be replaced`
      : `the disks of ${waiting.length} members would be replaced and lost: ` +
        `annotate ${replaceDisksAnnotation}=${revision} to allow it`;
  return { reason: 'DiskReplacementHeld', because };
}

/** The annotation names a revision, so that it allows this replacement and not every later one. */
export function mayReplaceDisks({ set, view }: Pick<Situation<Pool>, 'set' | 'view'>): boolean {
  const allowed = set.meta.annotations[replaceDisksAnnotation];
  return allowed !== undefined && allowed === currentRevision(view, set)?.meta.name;
}

/** What may be taken down now: all that is not ready, and of the rest as many as the limits allow. */
function chosenNow({ due, budget, stuck }: Rollout): readonly Standing[] {
  const unready = due.filter(({ vm }) => !isReady(vm));
  if (stuck.length > 0 || budget <= 0) return unready;
  const rest = due.filter((standing) => isReady(standing.vm) && isActionable(standing));
  return [...unready, ...rest.slice(0, budget)];
}

/** A VM that has yet to be updated takes up none of the budget. */
function isActionable({ edit, instance }: Standing): boolean {
  return edit === 'replace' || (edit === 'none' && instance === 'restart');
}

type Running = { readonly vm: Vm; readonly vmi: Vmi };

function relabel(situation: Situation<Pool>, { standings }: Rollout): Step {
  const targets = standings
    .filter(({ edit, instance }) => edit === 'none' && instance === 'label')
    .flatMap(running);
  const because = 'nothing but labels has changed';
  const { commands, wakeAt } = perTarget(situation, {
    verb: 'label-instance',
    targets,
    uidOf: ({ vmi }) => vmi.meta.uid,
    command: ({ vm, vmi }, effect) => ({
      verb: 'label-instance',
      ...{ effect, because },
      notice: updatedNotice(vmi),
      instance: { name: vmi.meta.name, uid: vmi.meta.uid },
      revision: vm.meta.labels[revisionLabel] ?? '',
    }),
  });
  if (commands.length === 0) return { type: 'pass', wakeAt };
  return { type: 'act', because, commands, wakeAt };
}

function restart(situation: Situation<Pool>, chosen: readonly Standing[]): Step {
  const targets = chosen
    .filter(({ edit, instance }) => edit === 'none' && instance === 'restart')
    .flatMap(running);
  if (targets.length === 0) return nothing;
  const because = `${targets.length} run what an older template says`;
  const trouble = troubleOf(situation, targets);
  const { commands, wakeAt } = perTarget(situation, {
    verb: 'restart-member',
    targets,
    uidOf: ({ vmi }) => vmi.meta.uid,
    command: ({ vm, vmi }, effect) => ({
      verb: 'restart-member',
      ...{ effect, because },
      notice: updatedNotice(vmi),
      member: { name: vm.meta.name, uid: vm.meta.uid },
      instance: { name: vmi.meta.name, uid: vmi.meta.uid },
      revision: vm.meta.labels[revisionLabel] ?? '',
    }),
  });
  if (commands.length === 0) return { type: 'pass', because, wakeAt, trouble };
  return { type: 'act', because, commands, wakeAt, trouble };
}

/**
 * Deletes members whose disks are to be made anew; scale-out brings them back. That someone named the
 * revision explains their number, so the guard against mass deletion has no say.
 */
function replace(situation: Situation<Pool>, chosen: readonly Standing[]): Step {
  const order = chosen.filter(({ edit }) => edit === 'replace').map(({ vm }) => vm);
  if (order.length === 0 || !mayReplaceDisks(situation)) return nothing;
  const because = `${order.length} are made anew with new disks`;
  const halt = haltOf(situation);
  if (halt !== undefined) return { type: 'pass', because, ...halt };
  const { commands, candidates, wakeAt } = removeMembers(situation, {
    order,
    wanted: order.length,
    purpose: 'replace',
    because,
    noticeOf: updatedNotice,
  });
  if (commands.length === 0) return { type: 'pass', because, wakeAt };
  return { type: 'act', because, commands, candidates, wakeAt };
}

function running({ vm, vmi }: Standing): readonly Running[] {
  return vmi === undefined ? [] : [{ vm, vmi }];
}

/** Upstream gives the reason of a deletion to all three. */
function updatedNotice({ meta }: Vm | Vmi): Notice {
  const message = `Successfully updated resource ${meta.namespace}/${meta.name}`;
  return { type: 'Normal', reason: 'SuccessfulDelete', message };
}

function troubleOf({ memory }: Situation, targets: readonly Running[]): Trouble | undefined {
  const refusal = refusalsOf(memory, { class: 'restart' }).findLast(
    ({ behind, target }) =>
      behind === undefined && targets.some(({ vmi }) => vmi.meta.uid === target),
  );
  if (refusal === undefined) return undefined;
  const message = `error during VMI update: restarting is refused: ${refusalText(refusal)}`;
  return { reason: 'FailedUpdate', message };
}
