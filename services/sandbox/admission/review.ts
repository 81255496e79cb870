import { isRecord } from '#shared/lib/canonical.ts';
import type { Failure } from '../store/failures.ts';
import { failure } from '../store/failures.ts';
import type { Caller, StoreRequest } from '../store/types.ts';
import type { Occasion } from './match.ts';

/** What one write would do to one object. */
export type Draft = Occasion & {
  readonly namespace: string;
  /** '' where a collection is deleted. */
  readonly name: string;
  readonly object: unknown;
  readonly oldObject: unknown;
};

export type Reviewed = {
  readonly uid: string;
  readonly caller: Caller;
  readonly dryRun: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  /** The version in which the webhook wants to see it. */
  readonly version: string;
  readonly convert: (object: unknown, version: string) => unknown;
};

/** The AdmissionReview that a webhook is sent. */
export function reviewOf(draft: Draft, reviewed: Reviewed): unknown {
  const { definition, subresource, operation, namespace, name } = draft;
  const { group, plural, kind } = definition;
  const { uid, caller, dryRun, options, version, convert } = reviewed;
  const isScale = subresource === 'scale';
  const kindIn = (wanted: string) =>
    isScale
      ? { group: 'autoscaling', version: 'v1', kind: 'Scale' }
      : { group, version: wanted, kind };
  const resourceIn = (wanted: string) => ({ group, version: wanted, resource: plural });
  const shown = (object: unknown) =>
    object === undefined ? null : isScale ? object : convert(object, version);
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind: kindIn(version),
      resource: resourceIn(version),
      ...(subresource !== '' && { subResource: subresource }),
      requestKind: kindIn(draft.version),
      requestResource: resourceIn(draft.version),
      ...(subresource !== '' && { requestSubResource: subresource }),
      ...(name !== '' && { name }),
      ...(namespace !== '' && { namespace }),
      operation,
      userInfo: {
        username: caller.user,
        ...(caller.uid !== undefined && { uid: caller.uid }),
        groups: caller.groups,
        ...(caller.extra && { extra: caller.extra }),
      },
      object: shown(draft.object),
      oldObject: shown(draft.oldObject),
      dryRun,
      options,
    },
  };
}

/** The options of the write, as its review repeats them. */
export function optionsOf(
  request: StoreRequest,
  given: { readonly manager: string; readonly operation: Occasion['operation'] },
): Readonly<Record<string, unknown>> {
  const names = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' };
  const dryRun = 'dryRun' in request && request.dryRun === true ? { dryRun: ['All'] } : {};
  const own =
    request.verb === 'delete' || request.verb === 'deletecollection'
      ? request.options
      : {
          ...(given.manager !== '' && { fieldManager: given.manager }),
          ...('fieldValidation' in request && { fieldValidation: request.fieldValidation }),
        };
  return { kind: names[given.operation], apiVersion: 'meta.k8s.io/v1', ...dryRun, ...own };
}

export type WebhookAnswer = {
  readonly allowed: boolean;
  readonly status: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
};

/** Reads what a webhook answered; throws with Go's words where it is no review of this request. */
export function readAnswer(text: string, uid: string): WebhookAnswer {
  const review = parsed(text);
  if (!isRecord(review) || review['kind'] !== 'AdmissionReview') {
    throw new InvalidAnswer(`failed to call webhook: ${unreadable(review)}`);
  }
  const { response } = review;
  if (!isRecord(response)) throw new InvalidAnswer('webhook response is absent');
  if (response['uid'] !== uid) {
    const given = JSON.stringify(response['uid'] ?? '');
    throw new InvalidAnswer(
      `received invalid webhook response: expected response.uid="${uid}", got ${given}`,
    );
  }
  const { warnings, status } = response;
  return {
    allowed: response['allowed'] === true,
    status: isRecord(status) ? status : {},
    warnings: Array.isArray(warnings) ? warnings.map(String) : [],
  };
}

/** A webhook answered something that is no answer. */
export class InvalidAnswer extends Error {
  override readonly name = 'InvalidAnswer';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(review: unknown): string {
  const type = typeof review === 'string' ? 'string' : Array.isArray(review) ? 'array' : undefined;
  const prefix = "couldn't get version/kind; json parse error:";
  if (type === undefined) return `${prefix} the answer is no AdmissionReview`;
  return `${prefix} json: cannot unmarshal ${type} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
}

/** A denial as the client is told of it; without a code of its own it is 400. */
export function denial(webhook: string, { status }: WebhookAnswer): Failure {
  const { message, reason, code, details } = status;
  const denied = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const why = [message, reason].find((text) => typeof text === 'string' && text !== '');
  const text = why === undefined ? `${denied} without explanation` : `${denied}: ${String(why)}`;
  return failure(typeof code === 'number' && code >= 400 ? code : 400, {
    message: text,
    ...(typeof reason === 'string' && reason !== '' && { reason }),
    ...(isRecord(details) && { details }),
  });
}

/** A webhook that could not be asked, where its policy is to fail then. */
export function callFailure(webhook: string, why: string): Failure {
  const message = `failed calling webhook ${JSON.stringify(webhook)}: ${why}`;
  return failure(500, {
    message: `Internal error occurred: ${message}`,
    reason: 'InternalError',
    details: { causes: [{ message }] },
  });
}
