import type { JsonPatchStep, RawObject } from '#shared/cluster/cluster.ts';
import { rollBackAnnotation } from '#shared/contract/words.ts';
import { canonicalJson, isRecord } from '#shared/lib/canonical.ts';
import { already, stale } from '../call.ts';
import { annotationsOf, mismatch } from '../live-set.ts';
import type { Effect } from './effect.ts';
import { keptTemplate } from './kept-template.ts';
import { testOfUid } from './owners.ts';
import { patchOnce, untilWon } from './race.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * Writes the template of a revision into the pool, in the spelling that the pool uses, and takes off the
 * annotation that asked for it: in one patch, so that it is never asked for twice.
 */
export const rollBack: Effect<'roll-back'> = (hands, job) =>
  untilWon(async () => {
    const sight = await hands.readSetNow(job);
    if (sight.type === 'unseen') return sight.result;
    const { object } = sight.set;
    const { revision } = job.command;
    const kept = await keptTemplate(hands, job, revision.name);
    if (kept.type === 'unseen') return kept.result;
    if (kept.type === 'missing' || kept.uid !== revision.uid) return stale('RevisionGone');
    const field = spellingOf(object);
    if (askedFor(object) !== revision.name) {
      return isTemplate(object, field, kept.template) ? already(object) : stale('SetChanged');
    }
    // A pause keeps members as they are; the template may be mended meanwhile.
    const expected = { sameGeneration: true, evenIfPausedOrDeleting: true };
    const problem = mismatch(sight.set, job.plan.set, expected);
    if (problem !== undefined) return problem;
    if (sight.set.deleting) return stale('SetGone');
    const body = rollBackSteps(object, field, kept.template);
    return patchOnce(hands, {
      ref: job.plan.set,
      gone: stale('SetGone'),
      patch: { type: 'json', body },
    });
  });

function rollBackSteps(object: RawObject, field: string, template: Body): readonly JsonPatchStep[] {
  const annotation = rollBackAnnotation.replaceAll('~', '~0').replaceAll('/', '~1');
  return [
    testOfUid(object),
    { op: 'test', path: '/metadata/resourceVersion', value: object.metadata?.resourceVersion },
    { op: 'replace', path: `/spec/${field}`, value: template },
    { op: 'remove', path: `/metadata/annotations/${annotation}` },
  ];
}

function spellingOf(object: RawObject): 'virtualMachineTemplate' | 'template' {
  const spec = specOf(object);
  return isRecord(spec['virtualMachineTemplate']) || !isRecord(spec['template'])
    ? 'virtualMachineTemplate'
    : 'template';
}

function isTemplate(object: RawObject, field: string, template: Body): boolean {
  return canonicalJson(specOf(object)[field]) === canonicalJson(template);
}

function askedFor(object: RawObject): unknown {
  return annotationsOf(object)[rollBackAnnotation];
}

function specOf(object: RawObject): Body {
  return isRecord(object['spec']) ? object['spec'] : {};
}
