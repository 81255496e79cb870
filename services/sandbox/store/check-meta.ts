import type { Cause } from '../schema/types.ts';
import { qualifiedNameProblem, labelValueProblem, nameProblem } from './names.ts';
import type { NameRule } from './names.ts';
import type { GivenMeta } from './read-meta.ts';
import type { KubeMeta, KubeOwner } from './types.ts';

/** What is wrong with the metadata of a new object; `name` may have been made from generateName. */
export function causesOfNewMeta(meta: GivenMeta, name: string, rule: NameRule): readonly Cause[] {
  if (name === '') {
    const message = 'Required value: name or generateName is required';
    return [{ reason: 'FieldValueRequired', message, field: 'metadata.name' }];
  }
  const { generateName } = meta;
  return [
    ...problem('generateName', generateName, generateName && nameProblem(generateName, rule, true)),
    ...problem('name', name, nameProblem(name, rule, false)),
    ...causesOfAnyMeta(meta),
  ];
}

/**
 * What is wrong with the metadata of an update. Each cause stands twice, because the server checks
 * the metadata of an update in two places.
 */
export function causesOfChangedMeta(meta: GivenMeta, old: KubeMeta): readonly Cause[] {
  const causes = [
    ...newFinalizers(meta, old),
    ...immutable('uid', meta.uid, old.uid),
    ...immutable('creationTimestamp', meta.creationTimestamp ?? '', old.creationTimestamp),
    ...immutable('deletionTimestamp', meta.deletionTimestamp ?? '', old.deletionTimestamp),
    ...causesOfAnyMeta(meta),
  ];
  return [...causes, ...causes];
}

/** What the server lets pass with a warning. */
export function warningsOfMeta({ finalizers = [], ownerReferences = [] }: GivenMeta): string[] {
  const loose = finalizers
    .filter((finalizer) => !finalizer.includes('/') && !standardFinalizers.has(finalizer))
    .map(
      (finalizer) =>
        `metadata.finalizers: ${JSON.stringify(finalizer)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    );
  const uids = ownerReferences.map(({ uid }) => uid);
  const twice = [...new Set(uids.filter((uid, index) => uids.indexOf(uid) !== index))];
  if (twice.length === 0) return loose;
  const duplicates = `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${twice.join(', ')}`;
  return [...loose, duplicates];
}

const standardFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

function causesOfAnyMeta(meta: GivenMeta): readonly Cause[] {
  const { labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = meta;
  return [
    ...Object.entries(labels).flatMap(([key, value]) => [
      ...problem('labels', key, qualifiedNameProblem(key)),
      ...problem('labels', value, labelValueProblem(value)),
    ]),
    // The server compares keys of annotations without regard to case.
    ...Object.keys(annotations).flatMap((key) =>
      problem('annotations', key, qualifiedNameProblem(key.toLowerCase())),
    ),
    ...ownerReferences.flatMap(causesOfOwner),
    ...secondController(ownerReferences),
    ...finalizers.flatMap((text) => problem('finalizers', text, qualifiedNameProblem(text))),
  ];
}

function causesOfOwner(owner: KubeOwner): readonly Cause[] {
  const empty = 'must not be empty';
  const { apiVersion, kind, name, uid } = owner;
  const versionProblem = hasVersion(apiVersion) ? '' : 'version must not be empty';
  const event = apiVersion === 'v1' && kind === 'Event';
  return [
    ...problem('ownerReferences.apiVersion', apiVersion, versionProblem),
    ...problem('ownerReferences.kind', kind, kind === '' && empty),
    ...problem('ownerReferences.name', name, name === '' && empty),
    ...problem('ownerReferences.uid', uid, uid === '' && empty),
    ...problem(
      'ownerReferences',
      owner,
      event && '/v1, Kind=Event is disallowed from being an owner',
    ),
  ];
}

function hasVersion(apiVersion: string): boolean {
  const parts = apiVersion.split('/');
  return parts.length <= 2 && parts.at(-1) !== '';
}

function secondController(owners: readonly KubeOwner[]): readonly Cause[] {
  const [first, second] = owners.filter((owner) => owner.controller === true);
  if (first === undefined || second === undefined) return [];
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${first.kind}/${first.name} and ${second.kind}/${second.name}`;
  return problem('ownerReferences', owners, why);
}

function newFinalizers({ finalizers = [] }: GivenMeta, old: KubeMeta): readonly Cause[] {
  if (old.deletionTimestamp === undefined) return [];
  const added = finalizers.filter((finalizer) => !old.finalizers?.includes(finalizer));
  if (added.length === 0) return [];
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return [{ reason: 'FieldValueForbidden', message, field: 'metadata.finalizers' }];
}

/** A field that is left out keeps its value. */
function immutable(field: string, value: string, old: string | undefined): readonly Cause[] {
  return problem(field, value, value !== '' && value !== old && 'field is immutable');
}

function problem(field: string, value: unknown, why: string | false): readonly Cause[] {
  if (why === false || why === '') return [];
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  return [{ reason: 'FieldValueInvalid', message, field: `metadata.${field}` }];
}
