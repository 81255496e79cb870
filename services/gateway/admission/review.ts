import { isRecord } from '#shared/lib/canonical.ts';
import { textOf } from '#shared/lib/loose.ts';

export type Review = {
  /** Repeated in the answer. */
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  /** The group's kind, also for a subresource. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string;
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly options: unknown;
};

const operations = ['CREATE', 'UPDATE', 'DELETE'] as const;

/** Reads an AdmissionReview of admission.k8s.io/v1; undefined for anything else. */
export function readReview(body: unknown): Review | undefined {
  if (!isRecord(body) || body['kind'] !== 'AdmissionReview') return undefined;
  const { apiVersion, request } = body;
  if (apiVersion !== 'admission.k8s.io/v1' || !isRecord(request)) return undefined;
  const { uid, userInfo } = request;
  const operation = operations.find((known) => known === request['operation']);
  if (typeof uid !== 'string' || uid === '' || operation === undefined) return undefined;
  return {
    uid,
    operation,
    subresource: textOf(request['subResource']),
    namespace: textOf(request['namespace']),
    name: textOf(request['name']),
    user: isRecord(userInfo) ? textOf(userInfo['username']) : '',
    object: request['object'],
    oldObject: request['oldObject'],
    options: request['options'],
  };
}
