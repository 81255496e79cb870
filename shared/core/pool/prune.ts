import type { Pool, Revision } from '#shared/contract/objects.ts';
import {
  replaceDisksAnnotation,
  revisionLabel,
  rollBackAnnotation,
} from '#shared/contract/words.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';
import { perTarget } from '../per-target.ts';
import { refusalText, refusalsOf } from '../refusals.ts';
import { nothing, type Situation, type Step, type Trouble } from '../situation.ts';
import type { PoolMembers } from './members.ts';
import { detached } from './release.ts';
import type { Rollout } from './rollout.ts';

/** How many different templates can be gone back to. */
const revisionsKept = 10;

/**
 * Deletes revisions that nobody needs: none that a member or its instance was made from, nor the newest
 * ones of ten different templates. Upstream keeps only those in use (pool.go 6.7), which leaves nothing to
 * go back to.
 */
export function prune(
  situation: Situation<Pool>,
  members: PoolMembers,
  { current, instancesFrom }: Rollout,
): Step {
  const { set, pending } = situation;
  const own = members.revisions;
  if (own.length <= 1) return nothing;
  const keeps = new Set<string | undefined>([
    current?.meta.name,
    set.meta.annotations[rollBackAnnotation],
    set.meta.annotations[replaceDisksAnnotation],
    ...instancesFrom,
    // A command that is on its way stamps from its revision.
    ...pending.map(({ command }) =>
      command.verb === 'create-vm' || command.verb === 'update-vm' ? command.revision : undefined,
    ),
    ...newestOfEach(own).slice(0, revisionsKept),
  ]);
  const spare = own.filter(({ meta }) => !keeps.has(meta.name));
  if (spare.length === 0) return nothing;
  const standing = [...members.all, ...members.strays, ...detached(situation)];
  const used = new Set(standing.map(({ meta }) => meta.labels[revisionLabel]));
  const targets = spare.filter(({ meta }) => !used.has(meta.name));
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
  const trouble = troubleOf(situation, targets);
  if (commands.length === 0) return { type: 'pass', wakeAt, trouble };
  return { type: 'act', because, commands, wakeAt, trouble };
}

function troubleOf({ memory }: Situation, targets: readonly Revision[]): Trouble | undefined {
  const refusal = refusalsOf(memory, { class: 'prune' }).findLast(
    ({ behind, target }) => behind === undefined && targets.some(({ meta }) => meta.uid === target),
  );
  if (refusal === undefined) return undefined;
  const message = `error while pruning vmpool revisions: ${refusalText(refusal)}`;
  return { reason: 'FailedRevisionPruning', message };
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
