import type { Notice } from '#shared/contract/commands.ts';
import type { Observable, Pool, Vm, Vmi } from '#shared/contract/objects.ts';
import {
  keepDisksAnnotation,
  replaceDisksAnnotation,
  revisionLabel,
} from '#shared/contract/words.ts';
import { haltOf } from '../halt.ts';
import { controllerOf, isReady, isTerminating } from '../objects.ts';
import { perTarget, soonest } from '../per-target.ts';
import { refusalText, refusalsOf } from '../refusals.ts';
import { removeMembers } from '../removal.ts';
import { nothing, type Hold, type Situation, type Step, type Trouble } from '../situation.ts';
import { isSynced } from '../surveys.ts';
import type { Count } from './count.ts';
import { keepMarkOf } from './keep-mark.ts';
import type { Rollout, Standing } from './rollout.ts';
import { waitsForDisks } from './update.ts';

/**
 * Brings the template to what runs: a label where nothing else has changed, a restart where the instance
 * is another one now, and a new VM where its disks are to be replaced. Members that are not ready anyway
 * go at once, all others within the limits of the roll-out (kubevirt pool.go 6.8); none is taken down
 * while an updated one does not come back.
 */
export function renew(
  situation: Situation<Pool>,
  rollout: Rollout,
  { surplus }: Pick<Count, 'surplus'>,
): Step {
  const { view } = situation;
  if (rollout.strategy.type !== 'proactive' || rollout.problem !== undefined) return nothing;
  if (!isSynced(view, 'VirtualMachineInstance')) {
    // While they are read anew, what is known of them goes on to be told.
    const trouble = troubleOf(situation, 'restart') ?? troubleOf(situation, 'label');
    return { type: 'pass', trouble };
  }
  const labelling = relabel(situation, rollout);
  if (labelling.type === 'act') return labelling;
  const chosen = chosenNow(situation, rollout);
  const restarting = restart(situation, chosen);
  const wakeAt = soonest(soonest(restarting.wakeAt, labelling.wakeAt), rollout.stuckAt);
  if (restarting.type === 'act') return { ...restarting, wakeAt };
  // Of members that are too many none would come back: that is for scale-in to choose, and its guard.
  const replaces = rollout.mayReplaceDisks && surplus <= 0;
  const replacing = replaces ? replace(situation, rollout, chosen) : nothing;
  return {
    ...replacing,
    trouble: restarting.trouble ?? labelling.trouble ?? replacing.trouble,
    wakeAt: soonest(wakeAt, replacing.wakeAt),
  };
}

/**
 * Told while an edit of dataVolumeTemplates waits for the word that the old disks may go: an annotation,
 * which names a revision so that it allows this replacement and not every later one. Only a proactive
 * pool takes members down by itself.
 */
export function diskHold(
  { scaleIn }: Pool,
  rollout: Rollout,
  { surplus }: Pick<Count, 'surplus'>,
): Hold | undefined {
  const count = waitsForDisks(rollout).length;
  if (count === 0) return undefined;
  const isProactive = rollout.strategy.type === 'proactive';
  if (isProactive && rollout.mayReplaceDisks) {
    // What scale-in is about to take goes in a moment.
    if (surplus <= 0 || (scaleIn?.type ?? 'proactive') === 'proactive') return undefined;
    const because = `the disks of ${count} members are replaced once the pool is at its size: it has ${surplus} too many`;
    return { reason: 'DiskReplacementHeld', because };
  }
  const revision = rollout.current?.meta.name;
  if (!isProactive) {
    const because = `the disks of ${count} members are those of an older template: whoever is deleted is made anew with new ones`;
    return { reason: 'DiskReplacementHeld', because };
  }
  const because =
    revision === undefined
      ? `the disks of ${count} members would be replaced`
      : `the disks of ${count} members would be replaced and lost: ` +
        `annotate ${replaceDisksAnnotation}=${revision} to allow it`;
  return { reason: 'DiskReplacementHeld', because };
}

/** Told while new disks are allowed and members are to keep theirs: those stay as they are. */
export function keptDisksHold(rollout: Rollout): Hold | undefined {
  if (!rollout.mayReplaceDisks) return undefined;
  const count = waitsForDisks(rollout).filter(
    ({ meta }) => keepMarkOf(meta.annotations) === 'wished',
  ).length;
  if (count === 0) return undefined;
  const because = `${count} members keep the disks of an older template: their annotation ${keepDisksAnnotation} says so`;
  return { reason: 'DiskReplacementHeld', because };
}

/**
 * What may be taken down now: all that is not ready, and of the rest as many as the limits allow, in order.
 * A VM whose update is on its way holds its place, so that which answer comes first decides nothing; one
 * whose update was refused does not hold up the others.
 */
function chosenNow({ pending }: Situation, { due, budget, stuck }: Rollout): readonly Standing[] {
  const unready = due.filter((standing) => isRipe(standing) && !isReady(standing.vm));
  if (stuck.length > 0 || budget <= 0) return unready;
  const updating = new Set(
    pending.flatMap(({ command }) => (command.verb === 'update-vm' ? command.member.uid : [])),
  );
  const next = due
    .filter(({ vm }) => isReady(vm))
    .filter((standing) => isRipe(standing) || updating.has(standing.vm.meta.uid));
  return [...unready, ...next.slice(0, budget).filter(isRipe)];
}

function isRipe({ edit }: Standing): boolean {
  return edit === 'replace' || edit === 'none';
}

type Running = { readonly vm: Vm; readonly vmi: Vmi };

function relabel(situation: Situation<Pool>, { open }: Rollout): Step {
  const targets = open
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
  const trouble = troubleOf(situation, 'label');
  if (commands.length === 0) return { type: 'pass', wakeAt, trouble };
  return { type: 'act', because, commands, wakeAt, trouble };
}

function restart(situation: Situation<Pool>, chosen: readonly Standing[]): Step {
  const targets = chosen
    .filter(({ edit, instance }) => edit === 'none' && instance === 'restart')
    .flatMap(running);
  const trouble = troubleOf(situation, 'restart');
  if (targets.length === 0) return { type: 'pass', trouble };
  const because = `${targets.length} run what an older template says`;
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
function replace(
  situation: Situation<Pool>,
  { current }: Rollout,
  chosen: readonly Standing[],
): Step {
  const order = chosen.filter(({ edit }) => edit === 'replace').map(({ vm }) => vm);
  if (order.length === 0) return nothing;
  const because = `${order.length} are made anew with new disks`;
  const halt = haltOf(situation);
  if (halt !== undefined) return { type: 'pass', because, ...halt };
  const { commands, candidates, wakeAt, hold } = removeMembers(situation, {
    order,
    wanted: order.length,
    purpose: 'replace',
    revision: current?.meta.name,
    because,
    noticeOf: updatedNotice,
  });
  if (commands.length === 0) return { type: 'pass', because, wakeAt, hold };
  return { type: 'act', because, commands, candidates, wakeAt, hold };
}

function running({ vm, vmi }: Standing): readonly Running[] {
  return vmi === undefined ? [] : [{ vm, vmi }];
}

/** Upstream gives the reason of a deletion to all three. */
function updatedNotice({ meta }: Vm | Vmi): Notice {
  const message = `Successfully updated resource ${meta.namespace}/${meta.name}`;
  return { type: 'Normal', reason: 'SuccessfulDelete', message };
}

/** Stands as long as the instance and its member do, also while it is tried again (B18). */
function troubleOf(
  { memory, set, view }: Situation,
  kind: 'label' | 'restart',
): Trouble | undefined {
  const objects: ReadonlyMap<string, Observable> = view.objects;
  const ownerOf = ({ meta }: Observable) => objects.get(controllerOf(meta)?.uid ?? '');
  const refusal = refusalsOf(memory, { class: kind }).findLast(({ behind, target }) => {
    if (behind !== undefined || target === undefined) return false;
    const instance = objects.get(target);
    if (instance === undefined || isTerminating(instance)) return false;
    const vm = ownerOf(instance);
    return vm !== undefined && ownerOf(vm)?.meta.uid === set.meta.uid;
  });
  if (refusal === undefined) return undefined;
  const what = kind === 'label' ? 'labelling' : 'restarting';
  const message = `error during VMI update: ${what} is refused: ${refusalText(refusal)}`;
  return { reason: 'FailedUpdate', message };
}
