import type { Pool, Revision } from '#shared/contract/objects.ts';
import {
  replaceDisksAnnotation,
  revisionLabel,
  rollBackAnnotation,
} from '#shared/contract/words.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';
import { perTarget } from '../per-target.ts';
import { nothing, type Situation, type Step } from '../situation.ts';
import type { PoolMembers } from './members.ts';
import { currentRevision, ownRevisions } from './revision.ts';
import type { Rollout } from './rollout.ts';

/** How many different templates can be gone back to. */
export const revisionsKept = 10;

/**
 * Deletes revisions that nobody needs: none that a member or its instance was made from, nor the newest
 * ones of ten different templates. Upstream keeps only those in use (pool.go 6.7), which leaves nothing to
 * go back to.
 */
export function prune(
  situation: Situation<Pool>,
  members: PoolMembers,
  { standings }: Rollout,
): Step {
  const { view, set } = situation;
  const own = ownRevisions(view, set);
  if (own.length <= 1) return nothing;
  const used = new Set<string | undefined>([
    currentRevision(view, set)?.meta.name,
    set.meta.annotations[rollBackAnnotation],
    set.meta.annotations[replaceDisksAnnotation],
    ...members.all.map(({ meta }) => meta.labels[revisionLabel]),
    ...standings.map(({ vmi }) => vmi?.meta.labels[revisionLabel]),
    ...newestOfEach(own).slice(0, revisionsKept),
  ]);
  const targets = own.filter(({ meta }) => !used.has(meta.name));
  if (targets.length === 0) return nothing;
  const because = 'no member is made from it, and newer ones are kept';
  const { commands, wakeAt } = perTarget(situation, {
    verb: 'delete-revision',
    targets,
    uidOf: ({ meta }) => meta.uid,
    command: ({ meta: { name, uid } }, effect) => ({
      verb: 'delete-revision',
      ...{ effect, because, name, uid },
    }),
  });
  if (commands.length === 0) return { type: 'pass', wakeAt };
  return { type: 'act', because, commands, wakeAt };
}

/** The newest revision of each template, newest first, by name. */
function newestOfEach(own: readonly Revision[]): readonly string[] {
  const newest = new Map<string, string>();
  for (const { digest, meta } of own.toSorted((left, right) => right.revision - left.revision)) {
    const template = digest === undefined ? meta.name : canonicalJson(digest);
    if (!newest.has(template)) newest.set(template, meta.name);
  }
  return [...newest.values()];
}
