import type { Revision, ScaledSet, TemplateDigest } from '#shared/contract/objects.ts';
import { effectAnnotation } from '#shared/contract/words.ts';
import { compareDigests } from '../template.ts';
import type { Memory } from '../view.ts';
import { editBetween, type Edit } from './edit.ts';

/** Follows at which generation the template of a set was last seen to change. */
export function noteTemplate(memory: Memory, known: ScaledSet, object: ScaledSet): void {
  const comparison = compareDigests(known.template?.digest, object.template?.digest);
  if (comparison === 'different') memory.templateChangedAt = object.meta.generation;
}

type Template = {
  readonly digest: TemplateDigest;
  /** The revision that keeps it. */
  readonly current: Revision | undefined;
  /** The generation of its last change, where one was seen. */
  readonly changedAt: number | undefined;
};

/**
 * What lies between a revision and the template. KubeVirt writes its revisions in its own words, and a word
 * that we do not know must not restart a pool that is handed over. One that it wrote since the template
 * last changed holds that template whatever it says; and where nobody has seen it change, a difference from
 * KubeVirt's revisions means nothing unless one of them reads as the template does.
 */
export function editFrom(revision: Revision, { digest, current, changedAt }: Template): Edit {
  const edit = editBetween(revision.digest, digest);
  const isRead = current !== undefined && !isOurs(current);
  if (edit === 'none' || isOurs(revision) || isRead) return edit;
  if (changedAt === undefined) return 'unknown';
  return revision.revision >= changedAt ? 'none' : edit;
}

function isOurs({ meta }: Revision): boolean {
  return meta.annotations[effectAnnotation] !== undefined;
}
