import { nameSchema, readInstant, resourceVersionSchema, uidSchema } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import { currentForm } from '#shared/contract/objects.ts';
import type { Meta, Owner } from '#shared/contract/objects.ts';
import { annotationPrefix, apiVersionAnnotations } from '#shared/contract/words.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import {
  fieldsOf,
  flagOf,
  intOf,
  listOf,
  textMapOf,
  textOf,
  textsOf,
  timeOf,
  uidOf,
} from './read.ts';

const mostAnnotationChars = 256;

/** What a broken creationTimestamp reads as; no API server sends one. */
const noTime = '1970-01-01T00:00:00Z';

/**
 * The metadata of a kind's object. Labels are kept whole, as selectors may ask for any; of annotations
 * only our own and the two that KubeVirt's replica set controller writes, for `last-applied-configuration`
 * and others hold whole templates. Throws a RefusalError for an object that no API server with numeric
 * versions would send: going on without it would read as its deletion.
 */
export function readMeta(kind: Kind, raw: unknown): Meta {
  const metadata = fieldsOf(raw);
  const name = nameSchema.min(1).safeParse(metadata['name']);
  const namespace = nameSchema.safeParse(metadata['namespace'] ?? '');
  const uid = uidSchema.safeParse(metadata['uid']);
  const resourceVersion = resourceVersionSchema.safeParse(metadata['resourceVersion']);
  if (!resourceVersion.success) {
    throw new RefusalError(
      `the API server sent a ${kind} whose resourceVersion is not a number; Rollcall orders versions as numbers and cannot run on this cluster`,
    );
  }
  if (!name.success || !namespace.success || !uid.success) {
    throw new RefusalError(`the API server sent a ${kind} without a name or uid`);
  }
  const generation = intOf(metadata['generation']);
  const deletedAt = timeOf(metadata['deletionTimestamp']);
  return {
    namespace: namespace.data,
    name: name.data,
    uid: uid.data,
    resourceVersion: resourceVersion.data,
    ...(generation === undefined ? {} : { generation }),
    createdAt: readInstant(metadata['creationTimestamp']) ?? noTime,
    ...(deletedAt === undefined ? {} : { deletedAt }),
    labels: textMapOf(metadata['labels']),
    annotations: readAnnotations(metadata['annotations']),
    finalizers: textsOf(metadata['finalizers']),
    owners: listOf(metadata['ownerReferences']).flatMap(readOwner),
    form: currentForm,
  };
}

function readAnnotations(raw: unknown): Record<string, string> {
  const kept: [string, string][] = [];
  for (const [key, value] of Object.entries(fieldsOf(raw))) {
    if (typeof value !== 'string' || !isKept(key)) continue;
    kept.push([key, value.slice(0, mostAnnotationChars).toWellFormed()]);
  }
  return Object.fromEntries(kept);
}

function isKept(key: string): boolean {
  return key.startsWith(annotationPrefix) || Object.hasOwn(apiVersionAnnotations, key);
}

function readOwner(raw: unknown): readonly Owner[] {
  const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = fieldsOf(raw);
  const named = uidOf(uid);
  if (named === undefined) return [];
  const isController = flagOf(controller);
  const blocks = flagOf(blockOwnerDeletion);
  return [
    {
      apiVersion: textOf(apiVersion) ?? '',
      kind: textOf(kind) ?? '',
      name: textOf(name) ?? '',
      uid: named,
      ...(isController === undefined ? {} : { controller: isController }),
      ...(blocks === undefined ? {} : { blockOwnerDeletion: blocks }),
    },
  ];
}
