import { randomUUID } from 'node:crypto';

import { isRecord } from '#shared/lib/canonical.ts';
import type { KubeObject, Store, StoreAnswer, StoreRequest } from '../store/types.ts';
import type { Admission } from './admission.ts';
import type { Occasion } from './match.ts';
import { optionsOf } from './review.ts';
import type { Draft } from './review.ts';

export type ReviewedParts = { readonly store: Store; readonly admission: Admission };

type Write = Exclude<StoreRequest, { verb: 'get' | 'list' }>;
type Occasioned = Omit<Occasion, 'operation'> & { readonly manager: string };

/** How often a write is reviewed again because its object changed meanwhile. */
const mostReviews = 5;

/**
 * Carries out a write after all webhooks that it concerns have allowed what it would do. While they are
 * asked others may write, so what was allowed is carried out only if the object is still the same.
 */
export async function reviewedWrite(
  { store, admission }: ReviewedParts,
  request: Write,
  about: Occasioned,
): Promise<StoreAnswer> {
  const operations = ['CREATE', 'UPDATE', 'DELETE'] as const;
  const isOf = operations.filter((operation) => operationsOf(request).includes(operation));
  if (!isOf.some((operation) => admission.concerns({ ...about, operation }))) {
    return store.handle(request);
  }
  const warnings: string[] = [];
  for (let reviews = 1; ; reviews += 1) {
    const before = store.resourceVersion;
    const planned = plan(store, request, about);
    if (planned.kind === 'answered') return planned.answer;
    for (const draft of planned.drafts) {
      const { manager } = about;
      const { operation } = draft;
      const options = optionsOf(request, { manager, operation });
      const dryRun = request.dryRun === true;
      const asked = { caller: request.caller, dryRun, options };
      const verdict = await admission.review(draft, asked);
      warnings.push(...verdict.warnings);
      if (verdict.kind === 'denied') {
        return { code: verdict.status.code, body: verdict.status, warnings };
      }
    }
    const isSame = store.resourceVersion === before || !hasChanged(store, request, planned.drafts);
    if (isSame || reviews === mostReviews) {
      const answer = store.handle(planned.request);
      return { ...answer, warnings: [...warnings, ...(answer.warnings ?? [])] };
    }
  }
}

/** A server-side apply makes what is not there. */
function operationsOf(request: Write): readonly Occasion['operation'][] {
  switch (request.verb) {
    case 'create':
      return ['CREATE'];
    case 'update':
      return ['UPDATE'];
    case 'patch':
      return request.patch === 'apply' ? ['CREATE', 'UPDATE'] : ['UPDATE'];
    case 'delete':
    case 'deletecollection':
      return ['DELETE'];
  }
}

type Planned =
  | { readonly kind: 'answered'; readonly answer: StoreAnswer }
  | { readonly kind: 'drafts'; readonly drafts: readonly Draft[]; readonly request: Write };

/** What the write would do, found out by a dry run; a write that fails needs no webhook. */
function plan(store: Store, request: Write, about: Occasioned): Planned {
  const { namespace } = request;
  if (request.verb === 'deletecollection') {
    const { resource, caller, list } = request;
    const found = store.handle({ verb: 'list', resource, namespace, caller, options: list });
    if (found.code >= 300) return { kind: 'answered', answer: found };
    const drafts = itemsOf(found.body, about).map((oldObject): Draft => {
      const { namespace: own = '' } = oldObject.metadata;
      return {
        ...about,
        operation: 'DELETE',
        namespace: own,
        name: '',
        object: undefined,
        oldObject,
      };
    });
    return { kind: 'drafts', drafts, request };
  }
  const fixed = request.verb === 'create' ? { ...request, uid: randomUUID() } : request;
  const answer = store.handle({ ...fixed, dryRun: true });
  if (answer.code >= 300) return { kind: 'answered', answer };
  const oldObject = fixed.verb === 'create' ? undefined : current(store, fixed);
  const object = fixed.verb === 'delete' ? undefined : answer.body;
  const operation =
    fixed.verb === 'delete' ? 'DELETE' : oldObject === undefined ? 'CREATE' : 'UPDATE';
  const name = fixed.verb === 'create' ? nameOf(object) : fixed.name;
  const draft = { ...about, operation, namespace, name, object, oldObject } as const;
  return { kind: 'drafts', drafts: [draft], request: named(fixed, name) };
}

/** A name that was made up for the review is the one that the object gets. */
function named(request: Exclude<Write, { verb: 'deletecollection' }>, name: string): Write {
  if (request.verb !== 'create' || !isRecord(request.body)) return request;
  const { metadata } = request.body;
  const own = isRecord(metadata) ? metadata : {};
  return { ...request, body: { ...request.body, metadata: { ...own, name } } };
}

type OfOne = Exclude<Write, { verb: 'create' | 'deletecollection' }>;

function current(store: Store, request: OfOne): unknown {
  const { resource, namespace, caller, name } = request;
  const sub =
    'subresource' in request && request.subresource !== undefined
      ? { subresource: request.subresource }
      : {};
  const { code, body } = store.handle({ verb: 'get', resource, namespace, caller, name, ...sub });
  return code === 200 ? body : undefined;
}

function hasChanged(store: Store, request: Write, drafts: readonly Draft[]): boolean {
  if (request.verb === 'create' || request.verb === 'deletecollection') return false;
  const [draft] = drafts;
  return versionOf(current(store, request)) !== versionOf(draft?.oldObject);
}

function versionOf(object: unknown): string {
  return isObject(object) ? object.metadata.resourceVersion : '';
}

function nameOf(object: unknown): string {
  return isObject(object) ? object.metadata.name : '';
}

/** Items of a list of a built-in kind do not say what they are. */
function itemsOf(list: unknown, { definition, version }: Occasioned): readonly KubeObject[] {
  const items: readonly unknown[] =
    isRecord(list) && Array.isArray(list['items']) ? list['items'] : [];
  const { group, kind } = definition;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return items.filter(isObject).map((item) => ({ ...item, apiVersion, kind }));
}

function isObject(value: unknown): value is KubeObject {
  return isRecord(value) && isRecord(value['metadata']);
}
