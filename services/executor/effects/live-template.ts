import { digestVmTemplate, digestVmiTemplate } from '#shared/cluster/template-digest.ts';
import { compareDigests } from '#shared/core/template.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { mismatch } from '../live-set.ts';
import { stale } from '../call.ts';
import type { Again, Result } from '../call.ts';
import type { Job } from '../backlog.ts';
import type { Hands } from './effect.ts';

type Body = Readonly<Record<string, unknown>>;

export type LiveTemplate =
  | { readonly type: 'live'; readonly template: Body; readonly spec: Body }
  | { readonly type: 'unseen'; readonly result: Result | Again };

/**
 * The set's template as it stands in the cluster, if it is still the one that the plan was made from.
 * Templates hold passwords and never travel through the log, so whoever stamps a member fetches it.
 */
export async function liveTemplate(hands: Hands, job: Job): Promise<LiveTemplate> {
  const sight = await hands.readSetForPlan(job);
  if (sight.type === 'unseen') return sight;
  const expected = { sameGeneration: false, evenIfPausedOrDeleting: false };
  const problem = mismatch(sight.set, job.plan.set, expected);
  if (problem !== undefined) return { type: 'unseen', result: problem };
  const spec = sight.set.object['spec'];
  if (!isRecord(spec)) return { type: 'unseen', result: stale('TemplateChanged') };
  const template = templateIn(spec, job);
  return template !== undefined && isPlanned(template, hands, job)
    ? { type: 'live', template, spec }
    : { type: 'unseen', result: stale('TemplateChanged') };
}

function templateIn(spec: Body, job: Job): Body | undefined {
  const template =
    job.plan.set.kind === 'VirtualMachinePool'
      ? (spec['virtualMachineTemplate'] ?? spec['template'])
      : spec['template'];
  return isRecord(template) ? template : undefined;
}

function isPlanned(template: Body, hands: Hands, job: Job): boolean {
  if (job.plan.template === undefined) return false;
  const digest =
    job.plan.set.kind === 'VirtualMachinePool'
      ? digestVmTemplate(template, hands.key)
      : digestVmiTemplate(template, hands.key);
  return compareDigests(digest, job.plan.template) === 'same';
}
