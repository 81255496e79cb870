import type { Core } from './core.ts';
import { continueToken, readContinueToken } from './continue-token.ts';
import type { Continue } from './continue-token.ts';
import { badRequest, expired, failed, failure, noSuchResource } from './failures.ts';
import type { Failure } from './failures.ts';
import { placeOf } from './history.ts';
import { problemOfListOptions } from './list-options.ts';
import { apiVersionOf, inApiVersion } from './registry.ts';
import type { Served } from './registry.ts';
import { selectorOf } from './selectors.ts';
import type { KubeObject, ListOptions, StoreAnswer, StoreRequest } from './types.ts';

type ListRequest = Extract<StoreRequest, { verb: 'list' }>;

/** A page of a list. */
export type Page = {
  readonly kind: 'page';
  readonly served: Served;
  readonly objects: readonly KubeObject[];
  readonly resourceVersion: number;
  readonly token: string;
  readonly remaining?: number;
};

export function listObjects(core: Core, request: ListRequest): StoreAnswer {
  const page = pageOf(core, request);
  return page.kind === 'page' ? { code: 200, body: listBody(page) } : failed(page);
}

export function pageOf(
  core: Core,
  { resource, namespace, options }: Pick<ListRequest, 'resource' | 'namespace' | 'options'>,
): Page | Failure {
  const served = core.registry.resolve(resource);
  if (served === undefined) return noSuchResource();
  const selection = selectorOf(served.definition, options);
  if (selection.kind === 'refused') return selection.status;
  const problem = problemOfListOptions(options, core.resourceVersion);
  if (problem !== undefined) return problem;
  const from = readContinueToken(options.continue ?? '');
  if (from.kind === 'unreadable') return badRequest(from.why);
  const snapshot = snapshotOf(core, { served, namespace, options, from });
  if (snapshot.kind === 'Status') return snapshot;
  const isSelected = Boolean(options.labelSelector) || Boolean(options.fieldSelector);
  const asked = { served, namespace, options, isSelected };
  return cut(snapshot, { ...asked, matches: selection.value });
}

type Snapshot = {
  readonly kind: 'snapshot';
  readonly resourceVersion: number;
  readonly objects: readonly KubeObject[];
};

type Asked = {
  readonly served: Served;
  readonly namespace: string;
  readonly options: ListOptions;
};

function snapshotOf(
  core: Core,
  { served, namespace, options, from }: Asked & { readonly from: Continue },
): Snapshot | Failure {
  const { definition } = served;
  const now = core.tableOf(definition).list(namespace);
  const version = exactVersion(options, from);
  if (version === undefined) {
    return startAt(
      { kind: 'snapshot', resourceVersion: core.resourceVersion, objects: now },
      from,
      namespace,
    );
  }
  const then = core.history.at(version, { definition, namespace, now });
  if (then !== 'gone' && version <= core.resourceVersion) {
    return startAt({ kind: 'snapshot', resourceVersion: version, objects: then }, from, namespace);
  }
  return from.kind === 'from' ? expiredToken(from.start) : expired(tooOld);
}

const tooOld = 'The resourceVersion for the provided list is too old.';

/** Continuing without consistency is offered, never done unasked. */
function expiredToken(start: string): Failure {
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';
  const metadata = { continue: continueToken(-1, start) };
  return { ...failure(410, { message, reason: 'Expired' }), metadata };
}

/** The version that the list must be of; undefined takes the newest. */
function exactVersion(options: ListOptions, from: Continue): number | undefined {
  if (from.kind === 'from') return from.resourceVersion < 0 ? undefined : from.resourceVersion;
  const { resourceVersion = '', resourceVersionMatch, limit = 0 } = options;
  if (resourceVersion === '' || resourceVersion === '0') return undefined;
  const isExact =
    resourceVersionMatch === 'Exact' || (resourceVersionMatch === undefined && limit > 0);
  return isExact ? Number(resourceVersion) : undefined;
}

function startAt(snapshot: Snapshot, from: Continue, namespace: string): Snapshot {
  if (from.kind !== 'from') return snapshot;
  const objects = snapshot.objects.filter((object) => keyOf(object, namespace) >= from.start);
  return { ...snapshot, objects };
}

/** Where an object stands in the list, as continue tokens name it. */
function keyOf(object: KubeObject, namespace: string): string {
  return namespace === '' ? placeOf(object) : `/${object.metadata.name}`;
}

type Cut = Asked & {
  readonly isSelected: boolean;
  readonly matches: (object: KubeObject) => boolean;
};

function cut({ objects, resourceVersion }: Snapshot, asked: Cut): Page {
  const { served, options, isSelected, matches } = asked;
  const { limit = 0 } = options;
  const isWhole = limit <= 0 || options.resourceVersion === '0';
  if (isWhole) {
    const all = isSelected ? objects.filter(matches) : objects;
    return { kind: 'page', served, objects: all, resourceVersion, token: '' };
  }
  const taken: KubeObject[] = [];
  let read = 0;
  while (read < objects.length && taken.length < limit) {
    const object = objects[read];
    if (object !== undefined && matches(object)) taken.push(object);
    read += 1;
  }
  const last = taken.at(-1);
  const remaining = objects.length - read;
  if (remaining === 0 || last === undefined) {
    return { kind: 'page', served, objects: taken, resourceVersion, token: '' };
  }
  const token = continueToken(resourceVersion, `${keyOf(last, asked.namespace)}\u0000`);
  const count = isSelected ? {} : { remaining };
  return { kind: 'page', served, objects: taken, resourceVersion, token, ...count };
}

/** The list as it is answered: Go's lists of built-in kinds leave out what each item is. */
export function listBody({ served, objects, resourceVersion, token, remaining }: Page): unknown {
  const { definition, version } = served;
  const apiVersion = apiVersionOf(definition.group, version.name);
  const count = remaining === undefined ? {} : { remainingItemCount: remaining };
  const metadata = { resourceVersion: String(resourceVersion), ...count };
  const kind = definition.listKind;
  if (definition.custom) {
    const items = objects.map((object) => inApiVersion(object, apiVersion));
    return { apiVersion, items, kind, metadata: { continue: token, ...metadata } };
  }
  const items = objects.map(({ apiVersion: _version, kind: _kind, ...item }) => item);
  const rest = token === '' ? {} : { continue: token };
  return { kind, apiVersion, metadata: { ...metadata, ...rest }, items };
}
