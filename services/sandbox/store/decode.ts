import { canonicalJson, isRecord } from '#shared/lib/canonical.ts';
import type { Checked, Cause } from '../schema/types.ts';
import { badRequest, invalid, refused } from './failures.ts';
import type { Refused } from './failures.ts';
import { copyJson } from './json.ts';
import type { JsonObject } from './json.ts';
import { readMeta } from './read-meta.ts';
import type { GivenMeta } from './read-meta.ts';
import { apiVersionOf, inApiVersion } from './registry.ts';
import type { Served } from './registry.ts';
import type { StoreParts } from './core.ts';
import type { KubeObject, ResourceDefinition } from './types.ts';

/** The object of a request: its metadata decoded, the rest pruned and checked by the schema. */
export type Decoded = {
  readonly kind: 'decoded';
  readonly meta: GivenMeta;
  /** Everything but apiVersion, kind and metadata. */
  readonly content: JsonObject;
  readonly causes: readonly Cause[];
  /** Paths of fields that nobody knows; they are not in `content`. */
  readonly unknown: readonly string[];
};

/** What cannot be read at all: a patch tells it otherwise than a whole object does. */
export type Unreadable = { readonly kind: 'unreadable'; readonly why: string };

export function decodeObject(
  { checkObject }: Pick<StoreParts, 'checkObject'>,
  served: Served,
  body: unknown,
  old?: KubeObject,
): Decoded | Unreadable | Refused {
  if (!isRecord(body))
    return refused(badRequest(unrecognized(served, body, "Object 'Kind' is missing")));
  const wrongType = problemOfType(served, body);
  if (wrongType !== undefined) return wrongType;
  const read = readMeta(body['metadata']);
  if (read.kind === 'unreadable') return read;
  const { definition, version } = served;
  const before = old && inApiVersion(old, apiVersionOf(definition.group, version.name));
  const checked = checkObject(version, copyJson(body), before);
  const { meta, unknown } = read;
  const paths = [...unknown, ...checked.unknown.filter((path) => !unknown.includes(path))];
  return {
    kind: 'decoded',
    meta,
    content: contentOf(checked),
    causes: checked.causes,
    unknown: paths,
  };
}

/** How a whole object that cannot be read is refused. */
export function unreadableObject({ definition, version }: Served, why: string): Refused {
  const { kind } = definition;
  return refused(
    badRequest(`${kind} in version "${version.name}" cannot be handled as a ${kind}: ${why}`),
  );
}

export function strictText(unknown: readonly string[]): string {
  return `strict decoding error: ${unknown.map(unknownText).join(', ')}`;
}

export function unknownText(path: string): string {
  return `unknown field "${path}"`;
}

function contentOf({ object }: Checked): JsonObject {
  if (!isRecord(object)) return {};
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...content } = object;
  return content;
}

function problemOfType(served: Served, body: JsonObject): Refused | undefined {
  const { definition, version } = served;
  const { kind, apiVersion } = body;
  if (typeof kind !== 'string' || kind === '') {
    return refused(badRequest(unrecognized(served, body, "Object 'Kind' is missing")));
  }
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    return refused(badRequest(unrecognized(served, body, "Object 'apiVersion' is missing")));
  }
  const expected = apiVersionOf(definition.group, version.name);
  if (apiVersion !== expected) {
    const message = `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`;
    return refused(badRequest(message));
  }
  return kind === definition.kind ? undefined : wrongKind(definition, kind, body);
}

function wrongKind({ group, kind }: ResourceDefinition, given: string, body: JsonObject): Refused {
  const { metadata } = body;
  const name = isRecord(metadata) ? metadata['name'] : '';
  const subject = { group, kind: given, name: typeof name === 'string' ? name : '' };
  const message = `Invalid value: "${given}": must be ${kind}`;
  return refused(invalid(subject, [{ reason: 'FieldValueInvalid', message, field: 'kind' }]));
}

function unrecognized({ definition }: Served, body: unknown, why: string): string {
  const text = canonicalJson(body);
  return `the object provided is unrecognized (must be of type ${definition.kind}): ${why} in '${text}' (${text})`;
}

const unfinished: Cause = {
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  field: '<nil>',
};
const stopping = new Set([
  'FieldValueRequired',
  'FieldValueTypeInvalid',
  'FieldValueNotSupported',
  'FieldValueTooLong',
  'FieldValueTooMany',
]);

/**
 * What is wrong with the part of an object that a write is about; the other part is not looked at.
 */
export function causesOfPart(part: 'main' | 'status', causes: readonly Cause[]): readonly Cause[] {
  return causes.filter(({ field }) => /^\.?status\b/.test(field) === (part === 'status'));
}

/** A custom resource's causes end with a note when they kept its rules from being checked. */
export function withNote(
  { custom }: ResourceDefinition,
  causes: readonly Cause[],
): readonly Cause[] {
  const others = causes.filter((cause) => cause.message !== unfinished.message);
  const stops = others.some(({ reason }) => stopping.has(reason));
  return custom && stops ? [...others, unfinished] : others;
}
