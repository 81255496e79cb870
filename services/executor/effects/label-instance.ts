import type { RawObject } from '#shared/cluster/cluster.ts';
import { revisionLabel } from '#shared/contract/words.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { already, stale } from '../call.ts';
import type { Again, Result } from '../call.ts';
import type { Effect, Hands, JobOf } from './effect.ts';
import { keptTemplate } from './kept-template.ts';
import { readObject, readSetAs } from './live-object.ts';
import { labelsOf } from './live-selector.ts';
import { controllerIn, isTerminating, preconditionsOf } from './owners.ts';
import { patchOnce, untilWon } from './race.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Tells a running VMI that it is as new as its VM: the revision label, and of the VMI template's labels
 * those that differ between its old revision and the VM. A label that someone put on the VMI stays.
 */
export const labelInstance: Effect<'label-instance'> = (hands, job) =>
  untilWon(async () => {
    const { instance, revision } = job.command;
    const { namespace } = job.plan.set;
    const expected = { sameGeneration: true, evenIfPausedOrDeleting: false };
    const sight = await readSetAs(hands, job, expected);
    if (sight.type === 'unseen') return sight.result;
    const gone = stale('MemberGone');
    const ref = { kind: 'VirtualMachineInstance', namespace, name: instance.name };
    const found = await readObject(hands, { ref, uid: instance.uid, gone });
    if (found.type === 'unseen') return found.result;
    const { object } = found;
    if (isTerminating(object)) return stale('MemberChanged');
    if (labelsOf(object)[revisionLabel] === revision) return already(object);
    const vm = await readVmOf(hands, job, object);
    if (vm.type === 'unseen') return vm.result;
    const before = await labelsBefore(hands, job, object);
    if (before.type === 'unseen') return before.result;
    const labels = changedLabels(before.labels, vm.labels, object);
    const body = {
      metadata: { ...preconditionsOf(object), labels: { ...labels, [revisionLabel]: revision } },
    };
    return patchOnce(hands, { ref, gone, patch: { type: 'merge', body } });
  });

type Label = JobOf<'label-instance'>;
type LabelSight =
  | { readonly type: 'seen'; readonly labels: Labels }
  | { readonly type: 'unseen'; readonly result: Result | Again };

/** The labels of the VMI template of the VM that runs this VMI, which must be an updated member. */
async function readVmOf(hands: Hands, job: Label, instance: RawObject): Promise<LabelSight> {
  const { namespace, uid: set } = job.plan.set;
  const controller = controllerIn(instance);
  const [name, uid] = [controller?.['name'], controller?.['uid']];
  if (typeof name !== 'string' || typeof uid !== 'string') return lost(stale('NotOwned'));
  const ref = { kind: 'VirtualMachine', namespace, name };
  const found = await readObject(hands, { ref, uid, gone: stale('NotOwned') });
  if (found.type === 'unseen') return found;
  if (controllerIn(found.object)?.['uid'] !== set) return lost(stale('NotOwned'));
  const isUpdated = labelsOf(found.object)[revisionLabel] === job.command.revision;
  if (!isUpdated) return lost(stale('MemberChanged'));
  return { type: 'seen', labels: vmiLabelsIn(found.object['spec']) };
}

/** The VMI template's labels in the revision that the VMI still names; none if that is gone. */
async function labelsBefore(hands: Hands, job: Label, instance: RawObject): Promise<LabelSight> {
  const name = labelsOf(instance)[revisionLabel];
  const kept = name === undefined ? undefined : await keptTemplate(hands, job, name);
  if (kept?.type === 'unseen') return kept;
  // Without the old template nobody knows what has changed: only labels that are missing are added.
  if (kept?.type !== 'kept') return { type: 'seen', labels: {} };
  return { type: 'seen', labels: vmiLabelsIn(kept.template['spec']) };
}

/** As a merge patch has it: null takes a label away. */
function changedLabels(
  before: Labels,
  after: Labels,
  instance: RawObject,
): Readonly<Record<string, string | null>> {
  const live = labelsOf(instance);
  const changes: [string, string | null][] = [];
  for (const [key, value] of Object.entries(after)) {
    const isNew = !Object.hasOwn(live, key) && !Object.hasOwn(before, key);
    const isChanged = Object.hasOwn(before, key) && before[key] !== value;
    if (isNew || isChanged) changes.push([key, value]);
  }
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key) && Object.hasOwn(live, key)) changes.push([key, null]);
  }
  return Object.fromEntries(changes);
}

function vmiLabelsIn(vmSpec: unknown): Labels {
  const template = isRecord(vmSpec) ? vmSpec['template'] : undefined;
  return isRecord(template) ? labelsOf(template) : {};
}

function lost(result: Result): LabelSight {
  return { type: 'unseen', result };
}
