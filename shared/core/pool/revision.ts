import type { Pool, Revision, Template } from '#shared/contract/objects.ts';
import { compareText } from '#shared/lib/order.ts';
import { isNameKnown } from '../objects.ts';
import { refusalsOf, waitsUntil } from '../refusals.ts';
import { effectAt, isPending, type Situation, type Step } from '../situation.ts';
import { compareDigests } from '../template.ts';

/** The one among the pool's own revisions that holds its template; the newest where several do. */
export function currentOf({ template }: Pool, own: readonly Revision[]): Revision | undefined {
  return own
    .filter((revision) => compareDigests(revision.digest, template?.digest) === 'same')
    .toSorted(
      (left, right) =>
        right.revision - left.revision || compareText(left.meta.name, right.meta.name),
    )
    .at(0);
}

/**
 * Keeps the template as a ControllerRevision, in a round of its own before any member is stamped from
 * it. Its name is `<pool>-<generation>` as upstream's; where that name is taken, by a revision of an
 * earlier pool of this name or by one with another template, `-2`, `-3` … is put behind it. A revision is
 * never reused by its name alone (kubevirt pool.go, ensureControllerRevision, does so).
 */
export function keepRevision(situation: Situation<Pool>, template: Template): Step {
  const { view, set, memory, moment } = situation;
  const because = 'the template has no revision yet';
  if (isPending(situation, 'create-revision')) return { type: 'pass', because };
  const { digest } = template;
  const wakeAt = waitsUntil(view, memory, { class: 'revision', digest, now: moment.now });
  if (wakeAt !== undefined) return { type: 'pass', because, wakeAt };
  return {
    type: 'act',
    because,
    template: digest,
    commands: [
      {
        verb: 'create-revision',
        effect: effectAt(situation, 0),
        because,
        name: nextRevisionName(situation),
        revision: set.meta.generation ?? 0,
      },
    ],
  };
}

/** The first name that no revision has, nor has been refused as taken. */
export function nextRevisionName({ view, set, memory }: Situation<Pool>): string {
  const { namespace, name, generation = 0 } = set.meta;
  const digest = set.template?.digest;
  const refused = new Set(
    refusalsOf(memory, { class: 'revision', digest }).map((refusal) => refusal.target),
  );
  for (let attempt = 1; ; attempt += 1) {
    const suffix = attempt === 1 ? '' : `-${attempt}`;
    const candidate = `${name}-${generation}${suffix}`;
    const place = { namespace, name: candidate };
    if (!refused.has(candidate) && !isNameKnown(view, 'ControllerRevision', place)) {
      return candidate;
    }
  }
}
