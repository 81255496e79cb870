import {
  badRequest,
  alreadyExists,
  failed,
  failure,
  invalid,
  namespaceTerminating,
} from './failures.ts';
import { noSuchResource, notFound } from './failures.ts';
import type { Failure, Refused } from './failures.ts';
import { causesOfKind, completeNew, nameRuleOf } from './builtin-rules.ts';
import { causesOfNewMeta, warningsOfMeta } from './check-meta.ts';
import type { Core } from './core.ts';
import { causesOfPart, decodeObject, strictText, unknownText } from './decode.ts';
import { unreadableObject, withNote } from './decode.ts';
import type { Decoded } from './decode.ts';
import { entriesAfterWrite } from './managed-fields.ts';
import { apiVersionOf, countsGenerations, inApiVersion, inStorageVersion } from './registry.ts';
import type { Served } from './registry.ts';
import { rfc3339 } from './rfc3339.ts';
import type {
  KubeMeta,
  KubeObject,
  KubeOwner,
  ManagedFields,
  StoreAnswer,
  StoreRequest,
} from './types.ts';
import { without } from './json.ts';

export type CreateRequest = Extract<StoreRequest, { verb: 'create' }>;

export function createObject(core: Core, request: CreateRequest): StoreAnswer {
  return createApplied(core, request, undefined);
}

/** Makes an object whose managed fields follow from something else than its being sent whole. */
export function createApplied(
  core: Core,
  request: CreateRequest,
  entriesOf: ((draft: KubeObject) => ManagedFields[]) | undefined,
): StoreAnswer {
  const served = core.registry.resolve(request.resource);
  if (served === undefined) return failed(noSuchResource());
  const decoded = decodeWhole(core, served, request);
  if (decoded.kind === 'refused') return failed(decoded.status);
  const closed = closedNamespace(core, served, { request, decoded });
  if (closed !== undefined) return failed(closed);
  const draft = draftOf(core, served, { request, decoded });
  const causes = causesOf(core, served, { decoded, draft });
  const { name } = draft.metadata;
  if (causes.length > 0) return failed(invalid({ ...served.definition, name }, causes));
  if (decoded.meta.resourceVersion !== '') return failed(versionGiven());
  if (core.get(served.definition, request.namespace, name) !== undefined) {
    return failed(alreadyExists(served.definition, name));
  }
  return finish(core, served, { request, decoded, draft, entriesOf });
}

/** An object sent whole, by POST or PUT. */
export function decodeWhole(
  core: Core,
  served: Served,
  { body, fieldValidation }: Pick<CreateRequest, 'body' | 'fieldValidation'>,
  old?: KubeObject,
): Decoded | Refused {
  const decoded = decodeObject(core.parts, served, body, old);
  if (decoded.kind === 'unreadable') return unreadableObject(served, decoded.why);
  if (decoded.kind === 'refused') return decoded;
  const isStrict = fieldValidation === 'Strict' && decoded.unknown.length > 0;
  return isStrict ? unreadableObject(served, strictText(decoded.unknown)) : decoded;
}

/** What a write answers beside the object: unknown fields unless they are to be ignored. */
export function warningsOf(
  { meta, unknown }: Decoded,
  { fieldValidation }: Pick<CreateRequest, 'fieldValidation'>,
): { readonly warnings?: readonly string[] } {
  const fields = fieldValidation === 'Ignore' ? [] : unknown.map(unknownText);
  const warnings = [...fields, ...warningsOfMeta(meta)];
  return warnings.length === 0 ? {} : { warnings };
}

type Asked = { readonly request: CreateRequest; readonly decoded: Decoded };

function closedNamespace(
  core: Core,
  { definition }: Served,
  { request: { namespace }, decoded: { meta } }: Asked,
): Failure | undefined {
  if (!definition.namespaced) return undefined;
  if (namespace === '') {
    return badRequest('an empty namespace may not be set during creation');
  }
  if (meta.namespace !== '' && meta.namespace !== namespace) return otherNamespace();
  const namespaces = core.registry.ofKind('', 'Namespace');
  if (namespaces === undefined) return undefined;
  const found = core.get(namespaces, '', namespace);
  if (found === undefined) return notFound(namespaces, namespace);
  if (found.metadata.deletionTimestamp === undefined) return undefined;
  return namespaceTerminating(definition, meta.name, namespace);
}

export function otherNamespace(): Failure {
  return badRequest(
    'the namespace of the provided object does not match the namespace sent on the request',
  );
}

function versionGiven(): Failure {
  return failure(500, { message: 'resourceVersion should not be set on objects to be created' });
}

function draftOf(core: Core, served: Served, { request, decoded }: Asked): KubeObject {
  const { definition, version } = served;
  const { parts } = core;
  const nowMs = parts.clock.now();
  const draft: KubeObject = {
    ...(version.status ? without(decoded.content, 'status') : decoded.content),
    apiVersion: apiVersionOf(definition.group, version.name),
    kind: definition.kind,
    metadata: newMeta(core, served, { request, decoded }),
  };
  return completeNew({ definition, nowMs }, inStorageVersion(definition, draft));
}

function newMeta(core: Core, { definition }: Served, { request, decoded }: Asked): KubeMeta {
  const { meta } = decoded;
  const { clock, uid } = core.parts;
  const { generateName, labels, annotations, finalizers, ownerReferences } = meta;
  return {
    name: meta.name === '' && generateName !== '' ? generatedName(core, generateName) : meta.name,
    ...(generateName === '' ? {} : { generateName }),
    ...(definition.namespaced ? { namespace: request.namespace } : {}),
    uid: request.uid ?? uid(),
    resourceVersion: '',
    ...(countsGenerations(definition) ? { generation: 1 } : {}),
    creationTimestamp: rfc3339(clock.now()),
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(ownerReferences && { ownerReferences: distinctOwners(ownerReferences) }),
    ...(finalizers && { finalizers }),
  };
}

const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';
const longestPrefix = 58;

function generatedName({ parts: { chance } }: Core, prefix: string): string {
  const letters = Array.from({ length: 5 }, () =>
    suffixLetters.charAt(Math.floor(chance() * suffixLetters.length)),
  );
  return prefix.slice(0, longestPrefix) + letters.join('');
}

export function distinctOwners(owners: readonly KubeOwner[]): KubeOwner[] {
  return owners.filter(
    (owner, index) => owners.findIndex((other) => other.uid === owner.uid) === index,
  );
}

type Entried = { readonly entriesOf: ((draft: KubeObject) => ManagedFields[]) | undefined };
type Drafted = { readonly decoded: Decoded; readonly draft: KubeObject };

function causesOf(core: Core, { definition, version }: Served, { decoded, draft }: Drafted) {
  const { name } = draft.metadata;
  const causes = [
    ...causesOfNewMeta(decoded.meta, name, nameRuleOf(definition)),
    ...(version.status ? causesOfPart('main', decoded.causes) : decoded.causes),
    ...causesOfKind(definition, draft, core.parts.definitionOfCrd),
  ];
  return withNote(definition, causes);
}

function finish(
  core: Core,
  served: Served,
  { request, decoded, draft, entriesOf }: Asked & Drafted & Entried,
): StoreAnswer {
  const { definition, version } = served;
  const apiVersion = apiVersionOf(definition.group, version.name);
  const { creationTimestamp: time } = draft.metadata;
  const writer = { manager: request.fieldManager, apiVersion, time };
  const after = ofTheWriter(served, decoded, draft);
  const managedFields =
    entriesOf?.(after) ?? entriesAfterWrite(served, undefined, { after, writer }) ?? [];
  const metadata = { ...draft.metadata, ...(managedFields.length > 0 && { managedFields }) };
  const object = { ...draft, metadata };
  const warnings = warningsOf(decoded, request);
  if (request.dryRun === true) {
    const body = inApiVersion(object, apiVersion);
    const { resourceVersion: _, ...unstored } = body.metadata;
    return { code: 201, body: { ...body, metadata: unstored }, ...warnings };
  }
  const stored = core.commit({ type: 'ADDED', definition, object });
  return { code: 201, body: inApiVersion(stored, apiVersion), ...warnings };
}

/** The object without what the server alone added: a status, and finalizers that protect it. */
function ofTheWriter({ version }: Served, { meta }: Decoded, draft: KubeObject): KubeObject {
  const { finalizers: _, ...rest } = draft.metadata;
  const { name, uid, resourceVersion, creationTimestamp } = draft.metadata;
  const { finalizers } = meta;
  const required = { name, uid, resourceVersion, creationTimestamp };
  const metadata = { ...rest, ...required, ...(finalizers && { finalizers }) };
  const { status, spec, ...others } = draft;
  const { apiVersion, kind } = draft;
  // What stands in the spec of a namespace only its own controller writes.
  const isNamespace = kind === 'Namespace' && apiVersion === 'v1';
  const wanted = isNamespace || spec === undefined ? {} : { spec };
  const object = { ...others, ...wanted, apiVersion, kind, metadata };
  return version.status || status === undefined ? object : { ...object, status };
}
