import { compareDigests } from '#shared/core/template.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { mismatch } from '../live-set.ts';
import { stale } from '../call.ts';
import type { Again, Result } from '../call.ts';
import type { Job } from '../backlog.ts';
import type { Hands } from './effect.ts';

type Body = Readonly<Record<string, unknown>>;

export type LiveTemplate =
  | {
      readonly type: 'live';
      readonly template: Body;
      readonly spec: Body;
      /** Under which the cluster serves the set. */
      readonly apiVersion: string | undefined;
    }
  | { readonly type: 'unseen'; readonly result: Result | Again };

/**
 * The set's template as it stands in the cluster, if the set is still the one that the plan was made from.
 * Templates hold passwords and never travel through the log, so whoever stamps a member fetches it. An
 * executor that wakes from a long pause would otherwise make members again that are gone by now: nothing
 * but the set's generation tells that they are not wanted any more.
 */
export async function liveTemplate(hands: Hands, job: Job): Promise<LiveTemplate> {
  const sight = await hands.readSetForPlan(job);
  if (sight.type === 'unseen') return sight;
  const expected = { sameGeneration: true, evenIfPausedOrDeleting: false };
  const problem = mismatch(sight.set, job.plan.set, expected);
  if (problem !== undefined) return { type: 'unseen', result: problem };
  const spec = sight.set.object['spec'];
  if (!isRecord(spec)) return { type: 'unseen', result: stale('TemplateChanged') };
  const template = templateIn(spec, job);
  return template !== undefined && isPlanned(template, hands, job)
    ? { type: 'live', template, spec, apiVersion: sight.set.object.apiVersion }
    : { type: 'unseen', result: stale('TemplateChanged') };
}

function templateIn(spec: Body, job: Job): Body | undefined {
  const template =
    job.plan.set.kind === 'VirtualMachinePool'
      ? (spec['virtualMachineTemplate'] ?? spec['template'])
      : spec['template'];
  return isRecord(template) ? template : undefined;
}

function isPlanned(template: Body, hands: Hands, { plan }: Job): boolean {
  if (plan.template === undefined) return false;
  return compareDigests(hands.digestOf(template, plan.set.kind), plan.template) === 'same';
}
