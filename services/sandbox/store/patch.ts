import { canonicalJson, isRecord } from '#shared/lib/canonical.ts';
import type { Core } from './core.ts';
import { decodeObject, strictText } from './decode.ts';
import { badRequest, failed, failure, refused, rejectedPatch } from './failures.ts';
import { unreadablePatch, unsupportedMedia } from './failures.ts';
import type { Refused } from './failures.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { apiVersionOf, inApiVersion } from './registry.ts';
import type { Served } from './registry.ts';
import { applyStrategicPatch } from './strategic-merge.ts';
import type { Schema } from './typed-items.ts';
import type { StoreAnswer } from './types.ts';
import { misaddressed, openEdit, staleVersion, writeDecoded } from './update.ts';
import type { Edit, PatchRequest } from './update.ts';

/** PATCH of the object or of its status. */
export function patchObject(core: Core, request: PatchRequest): StoreAnswer {
  const edit = openEdit(core, request);
  if ('code' in edit) return failed(edit);
  const { served, old } = edit;
  const patched = applyPatch(served, inRequestedVersion(edit), request);
  if (patched.kind === 'refused') return failed(patched.status);
  const decoded = decodeObject(core.parts, served, patched.value, old);
  if (decoded.kind === 'refused') return failed(decoded.status);
  if (decoded.kind === 'unreadable') {
    return failed(unreadablePatch(canonicalJson(patched.value), decoded.why));
  }
  const { meta, unknown } = decoded;
  const mismatch =
    misaddressed(edit, meta) ?? staleVersion(edit, versionOr(meta.resourceVersion, old));
  if (mismatch !== undefined) return failed(mismatch);
  if (request.fieldValidation === 'Strict' && unknown.length > 0) {
    return failed(unreadablePatch(canonicalJson(patched.value), strictText(unknown)));
  }
  return writeDecoded(core, edit, decoded);
}

function inRequestedVersion({ served: { definition, version }, old }: Edit): unknown {
  return inApiVersion(old, apiVersionOf(definition.group, version.name));
}

/** A version that a patch takes away is no precondition. */
function versionOr(given: string, { metadata }: Edit['old']): string {
  return given === '' ? metadata.resourceVersion : given;
}

export type Patched = { readonly kind: 'patched'; readonly value: unknown } | Refused;

/** The target after the patch, or how the patch is refused. */
export function applyPatch(
  { definition, version }: Served,
  target: unknown,
  { patch, body }: Pick<PatchRequest, 'patch' | 'body'>,
): Patched {
  switch (patch) {
    case 'strategic':
      if (definition.custom) return refused(unsupportedMedia(customPatches));
      if (!isRecord(body)) return refused(undecodable(body, 'map[string]interface {}'));
      return strategic(target, body, version.schema);
    case 'apply':
      return refused(failure(500, { message: noScaleApply }));
    case 'merge':
      if (isRecord(body)) return { kind: 'patched', value: applyMergePatch(target, body) };
      return refused(undecodable(body, 'map[string]interface {}'));
    case 'json': {
      if (!Array.isArray(body)) return refused(undecodable(body, '[]handlers.jsonPatchOp'));
      const patched = applyJsonPatch(target, body);
      return patched.kind === 'patched' ? patched : refused(rejectedPatch());
    }
  }
}

const customPatches = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];

/** Only a Scale comes here with a configuration to apply, and no server can do it. */
const noScaleApply =
  'failed to create manager for existing fields: failed to convert live object (/; autoscaling/v1, Kind=Scale) to proper version: request to convert CR to an invalid group/version: autoscaling/v1';

function strategic(target: unknown, patch: unknown, schema: Schema | undefined): Patched {
  const patched = applyStrategicPatch(target, patch, withMetadata(schema));
  if (patched.kind === 'patched') return patched;
  return refused(badRequest(`error when applying patch: ${patched.why}`));
}

/** The merge keys of the metadata, which the schema of no kind tells. */
function withMetadata(schema: Schema | undefined): Schema {
  const owners = { 'x-kubernetes-patch-merge-key': 'uid', 'x-kubernetes-patch-strategy': 'merge' };
  const finalizers = { 'x-kubernetes-patch-strategy': 'merge' };
  const metadata = { properties: { ownerReferences: owners, finalizers } };
  const properties = isRecord(schema?.['properties']) ? schema['properties'] : {};
  return { ...schema, properties: { ...properties, metadata } };
}

function undecodable(body: unknown, type: string) {
  const given = Array.isArray(body) ? 'array' : typeof body === 'boolean' ? 'bool' : typeof body;
  return badRequest(
    `error decoding patch: json: cannot unmarshal ${given} into Go value of type ${type}`,
  );
}
