import { isRecord } from '#shared/lib/canonical.ts';
import { answersDeletedObject } from './builtin-rules.ts';
import type { Core } from './core.ts';
import { failed, noSuchResource, notFound, preconditionFailed } from './failures.ts';
import type { Failure } from './failures.ts';
import { listBody, pageOf } from './list.ts';
import { apiVersionOf, inApiVersion, isCrd } from './registry.ts';
import type { Served } from './registry.ts';
import { rfc3339 } from './rfc3339.ts';
import type {
  DeleteOptions,
  KubeMeta,
  KubeObject,
  ResourceDefinition,
  StoreAnswer,
  StoreRequest,
} from './types.ts';
import { isFinal } from './update.ts';

type DeleteRequest = Extract<StoreRequest, { verb: 'delete' }>;
type DeleteCollectionRequest = Extract<StoreRequest, { verb: 'deletecollection' }>;

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

export function deleteObject(core: Core, request: DeleteRequest): StoreAnswer {
  const served = core.registry.resolve(request.resource);
  if (served === undefined) return failed(noSuchResource());
  const { definition } = served;
  const object = core.get(definition, request.namespace, request.name);
  if (object === undefined) return failed(notFound(definition, request.name));
  const problem = brokenPrecondition(definition, object, request.options);
  if (problem !== undefined) return failed(problem);
  return endObject(core, served, {
    object,
    options: request.options,
    dryRun: request.dryRun === true,
  });
}

function brokenPrecondition(
  definition: ResourceDefinition,
  { metadata }: KubeObject,
  { preconditions = {} }: DeleteOptions,
): Failure | undefined {
  const { uid, resourceVersion } = preconditions;
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    return preconditionFailed(definition, metadata.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    return preconditionFailed(definition, metadata.name, why);
  }
  return undefined;
}

type End = {
  readonly object: KubeObject;
  readonly options: DeleteOptions;
  readonly dryRun: boolean;
};

/** Takes the object away, or marks it where finalizers still hold it. */
function endObject(core: Core, served: Served, { object, options, dryRun }: End): StoreAnswer {
  const { definition, version } = served;
  const apiVersion = apiVersionOf(definition.group, version.name);
  const marked = markedObject(core, served, { object, options });
  if (isFinal(marked)) {
    if (!dryRun) removeObject(core, definition, object);
    const whole = answersDeletedObject(definition);
    const body = whole ? inApiVersion(object, apiVersion) : goneStatus(definition, object.metadata);
    return { code: 200, body };
  }
  const isKnown = marked === object || dryRun;
  const stored = isKnown
    ? marked
    : core.commit({ type: 'MODIFIED', definition, object: marked, previous: object });
  return { code: 200, body: inApiVersion(stored, apiVersion) };
}

/** A definition takes its objects with it, whatever finalizers they have. */
export function removeObject(core: Core, definition: ResourceDefinition, object: KubeObject): void {
  if (isCrd(definition)) {
    const described = core.parts.definitionOfCrd(object);
    for (const instance of core.tableOf(described).list('')) {
      core.commit({
        type: 'DELETED',
        definition: described,
        object: instance,
        previous: instance,
      });
    }
  }
  core.commit({ type: 'DELETED', definition, object, previous: object });
}

function goneStatus({ group, plural }: ResourceDefinition, { name, uid }: KubeMeta): unknown {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(group === '' ? {} : { group }), kind: plural, uid },
  };
}

/** The object with the finalizers of its propagation policy and the time of its deletion. */
function markedObject(
  core: Core,
  { definition }: Served,
  { object, options }: Pick<End, 'object' | 'options'>,
): KubeObject {
  const { metadata } = object;
  const { finalizers: old = [], ...rest } = metadata;
  const finalizers = finalizersFor(old, options.propagationPolicy);
  const isSame = finalizers.length === old.length && finalizers.every((each) => old.includes(each));
  const grace = graceSeconds(object, options);
  const isHurried = grace < (metadata.deletionGracePeriodSeconds ?? 0);
  if (metadata.deletionTimestamp !== undefined && isSame && !isHurried) return object;
  const { name, uid, resourceVersion, creationTimestamp } = metadata;
  const kept = { ...rest, name, uid, resourceVersion, creationTimestamp };
  const marks =
    metadata.deletionTimestamp === undefined || isHurried
      ? deletionMarks(core, definition, { metadata, grace })
      : {};
  const held = finalizers.length > 0 ? { finalizers } : {};
  return terminating(definition, { ...object, metadata: { ...kept, ...marks, ...held } });
}

function finalizersFor(
  old: readonly string[],
  policy: DeleteOptions['propagationPolicy'],
): string[] {
  const others = old.filter((each) => each !== orphanFinalizer && each !== foregroundFinalizer);
  switch (policy) {
    case undefined:
      return [...old];
    case 'Background':
      return others;
    case 'Foreground':
      return [...others, foregroundFinalizer];
    case 'Orphan':
      return [...others, orphanFinalizer];
  }
}

function deletionMarks(
  { parts: { clock } }: Core,
  { group, plural }: ResourceDefinition,
  { metadata, grace }: { readonly metadata: KubeMeta; readonly grace: number },
) {
  const isNamespace = group === '' && plural === 'namespaces';
  const { generation, deletionTimestamp } = metadata;
  const raised = generation !== undefined && deletionTimestamp === undefined;
  return {
    deletionTimestamp: rfc3339(clock.now() + grace * 1000),
    ...(isNamespace ? {} : { deletionGracePeriodSeconds: grace }),
    ...(raised && { generation: generation + 1 }),
  };
}

/**
 * A pod on a node that has not ended may take its time: it stays until its node deletes it again without
 * grace. Nothing else has a grace period.
 */
function graceSeconds(object: KubeObject, { gracePeriodSeconds }: DeleteOptions): number {
  if (object.kind !== 'Pod' || object.apiVersion !== 'v1') return 0;
  const { spec, status } = object;
  const phase = isRecord(status) ? status['phase'] : undefined;
  if (!isRecord(spec) || spec['nodeName'] === undefined) return 0;
  if (phase === 'Succeeded' || phase === 'Failed') return 0;
  const wanted = gracePeriodSeconds ?? spec['terminationGracePeriodSeconds'];
  return typeof wanted === 'number' ? wanted : 30;
}

function terminating({ group, plural }: ResourceDefinition, object: KubeObject): KubeObject {
  const isNamespace = group === '' && plural === 'namespaces';
  return isNamespace ? { ...object, status: { phase: 'Terminating' } } : object;
}

/** Deletes what a list finds, and answers the list as it was before. */
export function deleteCollection(core: Core, request: DeleteCollectionRequest): StoreAnswer {
  const page = pageOf(core, { ...request, options: request.list });
  if (page.kind === 'Status') return failed(page);
  const body = listBody(page);
  for (const object of page.objects) {
    // What a listener of an earlier deletion took away already needs no end.
    const { namespace = '', name, uid } = object.metadata;
    const living = core.get(page.served.definition, namespace, name);
    if (living?.metadata.uid !== uid) continue;
    endObject(core, page.served, {
      object: living,
      options: request.options,
      dryRun: request.dryRun === true,
    });
  }
  return { code: 200, body };
}
