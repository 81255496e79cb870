import { kindAddresses } from '#shared/contract/kinds.ts';
import type { SetKind } from '#shared/contract/kinds.ts';
import type { Admitted } from '#shared/core/admission/admit.ts';
import type { Review } from './review.ts';

/** Causes that are told; the rest is counted (kubevirt webhook, ToAdmissionResponse). */
const mostCauses = 10;

/** The AdmissionReview that answers another, with a 422 as the API server itself would give it. */
export function answerTo(
  { uid, name }: Pick<Review, 'uid' | 'name'>,
  kind: SetKind,
  { causes, warnings }: Admitted,
): unknown {
  const told = causes.slice(0, mostCauses);
  const isAllowed = causes.length === 0;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: isAllowed,
      ...(isAllowed ? {} : { status: statusOf({ name, kind, told, count: causes.length }) }),
      ...(warnings.length === 0 ? {} : { warnings }),
    },
  };
}

type Refusal = {
  readonly name: string;
  readonly kind: SetKind;
  readonly told: Admitted['causes'];
  readonly count: number;
};

function statusOf({ name, kind, told, count }: Refusal): unknown {
  const texts = told.map(({ field, message }) => `${field}: ${message}`);
  const more = count > told.length ? [`${count - told.length} more`] : [];
  return {
    status: 'Failure',
    code: 422,
    reason: 'Invalid',
    message: [...texts, ...more].join('; '),
    details: { name, group: kindAddresses[kind].group, kind, causes: told },
  };
}
