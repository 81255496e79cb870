import type { RawObject } from '#shared/cluster/cluster.ts';
import { effectAnnotation, extraAnnotation, revisionLabel } from '#shared/contract/words.ts';
import { mergePatchOf, restampVm } from '#shared/core/pool/restamp.ts';
import { nameGenerationIn, stampVm } from '#shared/core/pool/stamp.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { already, stale } from '../call.ts';
import type { Again, Result } from '../call.ts';
import { annotationsOf } from '../live-set.ts';
import type { Effect, Hands, JobOf } from './effect.ts';
import { keptTemplate } from './kept-template.ts';
import { readObject } from './live-object.ts';
import { labelsOf } from './live-selector.ts';
import { liveTemplate } from './live-template.ts';
import { controllerIn, isTerminating, preconditionsOf } from './owners.ts';
import { patchOnce, untilWon } from './race.ts';

type Body = Readonly<Record<string, unknown>>;
type Update = JobOf<'update-vm'>;

/**
 * Brings a member's VM to the plan's template with what differs alone. The patch holds the version of the
 * VM that it was made from, for it replaces lists; what was read is never written over a newer one.
 */
export const updateVm: Effect<'update-vm'> = (hands, job) =>
  untilWon(async () => {
    const live = await liveTemplate(hands, job);
    if (live.type === 'unseen') return live.result;
    const { member, revision, from } = job.command;
    const ref = {
      kind: 'VirtualMachine',
      namespace: job.plan.set.namespace,
      name: member.name,
    } as const;
    const gone = stale('MemberGone');
    const found = await readObject(hands, { ref, uid: member.uid, gone });
    if (found.type === 'unseen') return found.result;
    const problem = objection(found.object, job);
    if (problem !== undefined) return problem;
    const vm = found.object;
    const before = await stampBefore(hands, job, vm);
    if (before.type === 'unseen') return before.result;
    const next = stampOf(live, job, { vm, revision });
    const isKnown = from !== undefined && before.stamp !== undefined;
    // Stamped with disks that it does not make, it would start on those of whoever makes them (B16).
    if (!isKnown && disksIn(vm) !== disksIn(next)) return stale('MemberChanged');
    const updated = restampVm({ old: isKnown ? before.stamp : undefined, next, live: vm });
    const parts = partsOf(updated);
    const changes = mergePatchOf(
      partsOf(vm),
      job.command.stays === true ? withoutAnnotation(parts, extraAnnotation) : parts,
    );
    if (changes === undefined) return already(vm);
    const metadata = isRecord(changes['metadata']) ? changes['metadata'] : {};
    const body = { ...changes, metadata: { ...metadata, ...preconditionsOf(vm) } };
    return patchOnce(hands, { ref, gone, patch: { type: 'merge', body } });
  });

/** Why the VM is not to be updated: it is another's, it is going, or not where the plan saw it. */
function objection(vm: RawObject, { command, plan }: Update): Result | undefined {
  if (controllerIn(vm)?.['uid'] !== plan.set.uid) return stale('NotOwned');
  if (isTerminating(vm)) return stale('MemberChanged');
  const at = labelsOf(vm)[revisionLabel];
  const isExpected = command.from === undefined || at === command.from || at === command.revision;
  return isExpected ? undefined : stale('MemberChanged');
}

type Before =
  | { readonly type: 'seen'; readonly stamp: Body | undefined }
  | { readonly type: 'unseen'; readonly result: Result | Again };

/** The stamp that the VM has now: of the old revision, under the names that were generated then. */
async function stampBefore(hands: Hands, job: Update, vm: RawObject): Promise<Before> {
  const { from } = job.command;
  if (from === undefined) return { type: 'seen', stamp: undefined };
  const kept = await keptTemplate(hands, job, from);
  if (kept.type === 'unseen') return kept;
  if (kept.type === 'missing') return { type: 'seen', stamp: undefined };
  return { type: 'seen', stamp: stampOf(kept, job, { vm, revision: from }) };
}

/** Names of the disks that a VM makes, in one word to compare. */
function disksIn({ spec }: Body): string {
  const templates = isRecord(spec) ? spec['dataVolumeTemplates'] : undefined;
  const all: readonly unknown[] = Array.isArray(templates) ? templates : [];
  const names = all.map((one) =>
    isRecord(one) && isRecord(one['metadata']) ? one['metadata'] : {},
  );
  return names
    .map(({ name }) => String(name))
    .toSorted()
    .join(' ');
}

/** Both stamps carry the effect that made the VM, so that it never differs. */
function stampOf(
  { template, spec }: { readonly template: Body; readonly spec: Body },
  { command, plan }: Update,
  { vm, revision }: { readonly vm: RawObject; readonly revision: string },
): Body {
  const effect = annotationsOf(vm)[effectAnnotation];
  const stamped = stampVm(template, {
    pool: plan.set,
    name: command.member.name,
    ordinal: command.ordinal,
    revision,
    effect: typeof effect === 'string' ? effect : '',
    names: nameGenerationIn(spec),
  });
  return typeof effect === 'string' ? stamped : withoutAnnotation(stamped, effectAnnotation);
}

function withoutAnnotation(body: Body, key: string): Body {
  const metadata = isRecord(body['metadata']) ? body['metadata'] : {};
  const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {};
  if (annotations[key] === undefined) return body;
  const { [key]: _, ...rest } = annotations;
  return { ...body, metadata: { ...metadata, annotations: rest } };
}

/** The parts of a VM that a template reaches. */
function partsOf({ metadata, spec }: Body): Body {
  const { labels, annotations } = isRecord(metadata) ? metadata : {};
  return { metadata: { labels, annotations }, spec };
}
