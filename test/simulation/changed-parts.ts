import { effectIdPattern } from '#shared/contract/ids.ts';
import {
  keepDisksAnnotation,
  poolFinalizer,
  securedForAnnotation,
} from '#shared/contract/words.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';
import type { KubeObject } from '../../services/sandbox/store/types.ts';
import type { Effect } from './ledger.ts';

export type Part =
  | 'identity'
  | 'labels'
  | 'annotations'
  | 'finalizers'
  | 'spec'
  | 'marks'
  | `owner ${string}`;

/** What differs between two versions of an object, beyond what is ours in every object. */
export function changedParts(before: KubeObject, after: KubeObject): readonly Part[] {
  const [old, now] = [foreignParts(before), foreignParts(after)];
  const parts = ['identity', 'labels', 'annotations', 'marks', 'finalizers', 'spec'] as const;
  const fields = parts.filter((part) => canonicalJson(old[part]) !== canonicalJson(now[part]));
  const owners = [...ownersOf(before), ...ownersOf(after)].filter(
    (owner, _, all) => all.filter((other) => other === owner).length === 1,
  );
  return [...fields, ...owners.map((owner): Part => `owner ${owner}`)];
}

/** Which parts of its object a command may change, by its verb. */
export function mayChange({ command, plan }: Effect, part: Part): boolean {
  switch (command.verb) {
    case 'release-member':
    case 'adopt-member':
      return part === `owner ${plan.set.uid}`;
    case 'preserve-disk':
      return part.startsWith('owner ');
    case 'update-vm':
      return part === 'spec' || part === 'labels' || part === 'annotations';
    case 'label-instance':
      return part === 'labels';
    case 'roll-back':
      return part === 'spec' || part === 'annotations';
    default:
      return false;
  }
}

function ownersOf({ metadata }: KubeObject): readonly string[] {
  return (metadata.ownerReferences ?? []).map(({ uid }) => uid);
}

function foreignParts({ metadata, spec, kind }: KubeObject & { readonly spec?: unknown }) {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key, value]) => !key.endsWith('-observed-api-version') && !isOurWord(key, value),
  );
  return {
    identity: { kind, uid: metadata.uid },
    labels: metadata.labels ?? {},
    annotations: Object.fromEntries(annotations),
    marks: marksOf(metadata),
    finalizers: (metadata.finalizers ?? []).filter((name) => name !== poolFinalizer),
    spec: spec ?? null,
  };
}

/** People may write the first of them too, with a word of their own. */
function isOurWord(key: string, value: unknown): boolean {
  if (key === keepDisksAnnotation) return effectIdPattern.test(String(value));
  return key === securedForAnnotation;
}

/** What people put on objects by hand; no template has it, and no command of ours may change it. */
export function isMark(key: string): boolean {
  return key.startsWith('example.com/mark-') || key === 'example.com/note';
}

function marksOf({ labels, annotations }: KubeObject['metadata']): object {
  const entries = Object.entries({ ...labels, ...annotations });
  return Object.fromEntries(entries.filter(([key]) => isMark(key)));
}
