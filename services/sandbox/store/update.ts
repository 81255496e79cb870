import { isRecord } from '#shared/lib/canonical.ts';
import type { Cause } from '../schema/types.ts';
import { causesOfKind, completeChanged } from './builtin-rules.ts';
import { causesOfChangedMeta } from './check-meta.ts';
import type { Core } from './core.ts';
import { decodeWhole, distinctOwners, otherNamespace, warningsOf } from './create.ts';
import { causesOfPart, withNote } from './decode.ts';
import type { Decoded } from './decode.ts';
import { badRequest, conflict, failed, failure, invalid, modifiedText } from './failures.ts';
import { noSuchResource, notFound } from './failures.ts';
import type { Failure } from './failures.ts';
import { equalJson, without } from './json.ts';
import { entriesAfterWrite, isReset, readEntries } from './managed-fields.ts';
import type { GivenMeta } from './read-meta.ts';
import { apiVersionOf, countsGenerations, inApiVersion, inStorageVersion } from './registry.ts';
import { resourceKey } from './registry.ts';
import type { Served } from './registry.ts';
import { rfc3339 } from './rfc3339.ts';
import type { KubeMeta, KubeObject, ManagedFields, StoreAnswer, StoreRequest } from './types.ts';

export type UpdateRequest = Extract<StoreRequest, { verb: 'update' }>;
export type PatchRequest = Extract<StoreRequest, { verb: 'patch' }>;

/** One change of a living object on its way to the store. */
export type Edit = {
  readonly request: UpdateRequest | PatchRequest;
  readonly served: Served;
  readonly old: KubeObject;
};

/** Finds what a write is about, or refuses it. */
export function openEdit(core: Core, request: UpdateRequest | PatchRequest): Edit | Failure {
  const served = core.registry.resolve(request.resource);
  if (served === undefined) return noSuchResource();
  const old = core.get(served.definition, request.namespace, request.name);
  return old === undefined ? notFound(served.definition, request.name) : { request, served, old };
}

/** PUT of the object or of its status. */
export function updateObject(core: Core, request: UpdateRequest): StoreAnswer {
  const edit = openEdit(core, request);
  if ('code' in edit) return failed(edit);
  const decoded = decodeWhole(core, edit.served, request, edit.old);
  if (decoded.kind === 'refused') return failed(decoded.status);
  const mismatch =
    misaddressed(edit, decoded.meta) ??
    otherUid(edit, decoded.meta.uid) ??
    wrongVersion(edit, decoded.meta.resourceVersion);
  return mismatch === undefined ? writeDecoded(core, edit, decoded) : failed(mismatch);
}

/** The name or the namespace in the object is another than in the URL. */
export function misaddressed({ request, old }: Edit, meta: Pick<GivenMeta, 'name' | 'namespace'>) {
  if (meta.name !== '' && meta.name !== request.name) {
    return badRequest(
      `the name of the object (${meta.name}) does not match the name on the URL (${request.name})`,
    );
  }
  const namespace = old.metadata.namespace ?? '';
  return meta.namespace === '' || meta.namespace === namespace ? undefined : otherNamespace();
}

export function otherUid({ served, old }: Edit, uid: string): Failure | undefined {
  const { metadata } = old;
  if (uid === '' || uid === metadata.uid) return undefined;
  const place = [resourceKey(served.definition), metadata.namespace ?? '', metadata.name];
  const key = `/registry/${place.filter((part) => part !== '').join('/')}`;
  const why = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
  return conflict(served.definition, metadata.name, why);
}

/** A custom resource is only replaced at a version that is told. */
function wrongVersion(edit: Edit, version: string): Failure | undefined {
  const { definition } = edit.served;
  if (version !== '' && version !== '0') return staleVersion(edit, version);
  if (!definition.custom) return undefined;
  const message = 'Invalid value: 0: must be specified for an update';
  const cause = { reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' };
  return invalid({ ...definition, kind: definition.plural, name: edit.request.name }, [cause]);
}

export function staleVersion({ served, old }: Edit, version: string): Failure | undefined {
  if (!/^\d+$/.test(version)) {
    const message = `strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`;
    return failure(500, { message });
  }
  const { resourceVersion, name } = old.metadata;
  if (Number(version) === Number(resourceVersion)) return undefined;
  return conflict(served.definition, name, modifiedText);
}

/**
 * Carries a decoded object over the old one, through the door that the request names. `entries` are the
 * managed fields where they do not follow from the change.
 */
export function writeDecoded(
  core: Core,
  edit: Edit,
  decoded: Decoded,
  entries?: ManagedFields[],
): StoreAnswer {
  const { served, old, request } = edit;
  const { definition } = served;
  const toStatus = request.subresource === 'status';
  const next = toStatus ? withStatus(edit, decoded) : withMain(edit, decoded);
  const nowMs = core.parts.clock.now();
  const complete = completeChanged({ definition, nowMs }, next, old);
  const causes = toStatus
    ? statusCauses(decoded.causes)
    : [
        ...causesOfChangedMeta(decoded.meta, old.metadata),
        ...(served.version.status ? causesOfPart('main', decoded.causes) : decoded.causes),
        ...causesOfKind(definition, complete, core.parts.definitionOfCrd),
      ];
  if (causes.length > 0) {
    const subject = { ...definition, name: request.name };
    return failed(invalid(subject, withNote(definition, causes)));
  }
  const reset = !toStatus && isReset(decoded.meta.managedFields);
  const given = reset ? [] : (entries ?? sentEntries(core, edit, { decoded, next: complete }));
  const answer = commitEdit(core, edit, { next: complete, entries: given });
  return { ...answer, ...warningsOf(toStatus ? withoutMeta(decoded) : decoded, request) };
}

/** The managed fields after a write that also sent entries of its own, which then stand. */
function sentEntries(
  core: Core,
  edit: Edit,
  { decoded, next }: { readonly decoded: Decoded; readonly next: KubeObject },
): ManagedFields[] | undefined {
  const given = readEntries(decoded.meta.managedFields);
  if (given === undefined || equalJson(given, edit.old.metadata.managedFields)) return undefined;
  return writtenEntries(core, edit, next, given);
}

function withoutMeta(decoded: Decoded): Decoded {
  const { finalizers: _finalizers, ownerReferences: _owners, ...meta } = decoded.meta;
  return { ...decoded, meta };
}

/** Through `/status` only the status is checked, and its fields are named from there. */
function statusCauses(causes: readonly Cause[]): readonly Cause[] {
  return causesOfPart('status', causes).map((cause) => ({
    ...cause,
    message: cause.message.replace(': status.', ': '),
  }));
}

function withStatus({ served, old }: Edit, { content }: Decoded): KubeObject {
  const { status: _, ...rest } = old;
  const { kind, metadata } = old;
  const apiVersion = apiVersionOf(served.definition.group, served.version.name);
  const sent = { ...old, apiVersion, ...content };
  const status = inStorageVersion(served.definition, sent)['status'];
  const { apiVersion: stored } = old;
  const given = content['status'] === undefined ? {} : { status };
  return { ...rest, apiVersion: stored, kind, metadata, ...given };
}

function withMain({ served, old }: Edit, { meta, content }: Decoded): KubeObject {
  const own = served.version.status ? without(content, 'status') : content;
  const sent = {
    ...own,
    apiVersion: apiVersionOf(served.definition.group, served.version.name),
    kind: old.kind,
    metadata: changedMeta(old.metadata, meta),
  };
  const next = inStorageVersion(served.definition, sent);
  const { status } = old;
  return served.version.status && status !== undefined ? { ...next, status } : next;
}

function changedMeta(old: KubeMeta, given: GivenMeta): KubeMeta {
  const {
    labels: _labels,
    annotations: _annotations,
    finalizers: _finalizers,
    ownerReferences: _owners,
    ...kept
  } = old;
  const { labels, annotations, finalizers, ownerReferences } = given;
  const { name, uid, resourceVersion, creationTimestamp } = old;
  return {
    ...kept,
    ...{ name, uid, resourceVersion, creationTimestamp },
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(ownerReferences && { ownerReferences: distinctOwners(ownerReferences) }),
    ...(finalizers && { finalizers }),
  };
}

type Outcome = {
  readonly next: KubeObject;
  /** The managed fields where they do not follow from the change. */
  readonly entries: ManagedFields[] | undefined;
};

/**
 * Stores an edit: nothing where nothing changed, a new generation where the wanted state did, and
 * the end of the object where its last finalizer went.
 */
export function commitEdit(core: Core, edit: Edit, { next, entries }: Outcome): StoreAnswer {
  const { served, old, request } = edit;
  const { definition, version } = served;
  const apiVersion = apiVersionOf(definition.group, version.name);
  const raised = withGeneration(served, old, next);
  const managed = entries ?? writtenEntries(core, edit, raised);
  const object = withEntries(raised, managed);
  const answer = (changed: KubeObject): StoreAnswer => ({
    code: 200,
    body: inApiVersion(changed, apiVersion),
  });
  if (equalJson(object, old)) return answer(old);
  if (request.dryRun === true) return answer(object);
  if (isFinal(object)) {
    // The last change is not stored: the end tells the object as it stood before.
    core.commit({ type: 'DELETED', definition, object: old, previous: old });
    return answer(object);
  }
  return answer(core.commit({ type: 'MODIFIED', definition, object, previous: old }));
}

function withGeneration({ definition, version }: Served, old: KubeObject, next: KubeObject) {
  if (!countsGenerations(definition)) return next;
  if (equalJson(wanted(old, version.status), wanted(next, version.status))) return next;
  const generation = (old.metadata.generation ?? 0) + 1;
  return { ...next, metadata: { ...next.metadata, generation } };
}

function wanted(object: KubeObject, hasStatus: boolean): unknown {
  const { metadata: _metadata, apiVersion: _version, ...rest } = object;
  return hasStatus ? without(rest, 'status') : rest;
}

function writtenEntries(
  core: Core,
  { served, old, request }: Edit,
  after: KubeObject,
  given?: ManagedFields[],
) {
  const { definition, version } = served;
  const { subresource } = request;
  const writer = {
    manager: request.fieldManager,
    apiVersion: apiVersionOf(definition.group, version.name),
    time: rfc3339(core.parts.clock.now()),
    ...(subresource === undefined ? {} : { subresource }),
  };
  return entriesAfterWrite(served, old, { after, writer, given }) ?? [];
}

function withEntries(object: KubeObject, managedFields: ManagedFields[]): KubeObject {
  const { managedFields: _, ...rest } = object.metadata;
  const { name, uid, resourceVersion, creationTimestamp } = object.metadata;
  const required = { name, uid, resourceVersion, creationTimestamp };
  const entries = managedFields.length > 0 ? { managedFields } : {};
  return { ...object, metadata: { ...rest, ...required, ...entries } };
}

/**
 * A deleted object without finalizers is gone, when it has no time to shut down either; a namespace has a
 * finalizer of its own in its spec.
 */
export function isFinal(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0) return false;
  if (deletionGracePeriodSeconds > 0) return false;
  if (object.kind !== 'Namespace' || object.apiVersion !== 'v1') return true;
  const spec = object['spec'];
  const left = isRecord(spec) ? spec['finalizers'] : undefined;
  return !Array.isArray(left) || left.length === 0;
}
