import type { Pool, ScaledSet } from '#shared/contract/objects.ts';
import { annotationPrefix } from '#shared/contract/words.ts';
import { canonicalJson, isRecord } from '#shared/lib/canonical.ts';

/** How a set is to be kept, the size apart: each setting as text, by the name that its owner gave it. */
export type Manner = Readonly<Record<string, string>>;

/** One setting that an edit changed; of a template there is no more to tell than that it did. */
export type MannerChange = { readonly what: string; readonly from?: string; readonly to?: string };

const template = 'template';

export function mannerOf(object: ScaledSet): Manner {
  const { meta, paused, template: stamp, minReadySeconds, selector } = object;
  const ours = Object.entries(meta.annotations).filter(([key]) => key.startsWith(annotationPrefix));
  return textsOf({
    ...Object.fromEntries(ours),
    paused,
    minReadySeconds,
    selector,
    [template]: stamp?.digest,
    ...(object.kind === 'VirtualMachinePool' ? poolManner(object) : {}),
  });
}

function poolManner({ scaleIn, update, maxUnavailable, healing, nameGeneration }: Pool): object {
  return {
    scaleInStrategy: scaleIn,
    updateStrategy: update,
    maxUnavailable,
    autohealing: healing,
    nameGeneration,
  };
}

function textsOf(fields: Readonly<Record<string, unknown>>): Manner {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]): [string, string][] => {
      if (value === undefined) return [];
      return [[name, typeof value === 'string' ? value : canonicalJson(value)]];
    }),
  );
}

/** What two versions differ in. A template under another key cannot be compared, and counts as the same. */
export function mannerChanges(before: Manner, after: Manner): readonly MannerChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.flatMap((what): MannerChange[] => {
    const [from, to] = [before[what], after[what]];
    if (from === to) return [];
    if (what === template) return isComparable(from, to) ? [{ what }] : [];
    return [{ what, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
  });
}

function isComparable(from: string | undefined, to: string | undefined): boolean {
  if (from === undefined || to === undefined) return true;
  const [before, after] = [keyIn(from), keyIn(to)];
  return before === after;
}

function keyIn(digest: string): string {
  const fields: unknown = JSON.parse(digest);
  return isRecord(fields) ? `${String(fields['keyId'])}/${String(fields['algorithm'])}` : '';
}

export function mannerFrom(text: string): Manner {
  const fields: unknown = JSON.parse(text);
  return isRecord(fields) ? textsOf(fields) : {};
}
