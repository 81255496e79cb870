import { isRecord } from '#shared/lib/canonical.ts';
import { reviewStatus } from '../access/reviews.ts';
import type { ReviewParts } from '../access/reviews.ts';
import type { StoreAnswer, StoreRequest } from '../store/types.ts';
import type { Shown } from './tables.ts';

type CreateRequest = Extract<StoreRequest, { verb: 'create' }>;

/** Answers a question that is posted like an object and never kept. */
export function answerReview(
  parts: ReviewParts,
  { definition }: Shown,
  { caller, namespace, body }: CreateRequest,
): StoreAnswer {
  const object = isRecord(body) ? body : {};
  const { kind } = definition;
  const status = reviewStatus(parts, { kind, caller, namespace, object });
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  const { spec } = object;
  const { group, versions } = definition;
  const apiVersion = `${group}/${versions[0]?.name ?? ''}`;
  const answer = { kind, apiVersion, metadata: { ...metadata, creationTimestamp: null } };
  return { code: 201, body: { ...answer, ...(isRecord(spec) && { spec }), status } };
}
