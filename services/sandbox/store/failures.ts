import type { Cause } from '../schema/types.ts';
import type { ResourceDefinition, StoreAnswer } from './types.ts';

/** A metav1 Status that tells a failure. */
export type Failure = {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: { readonly continue?: string };
  readonly status: 'Failure';
  readonly message: string;
  readonly reason?: string;
  readonly details?: FailureDetails;
  readonly code: number;
};

export type FailureDetails = {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly Partial<Cause>[];
};

export type Refused = { readonly kind: 'refused'; readonly status: Failure };

type FailureParts = {
  readonly message: string;
  readonly reason?: string;
  readonly details?: FailureDetails;
};

export function failure(code: number, parts: FailureParts): Failure {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...parts, code };
}

export function refused(status: Failure): Refused {
  return { kind: 'refused', status };
}

export function failed(status: Failure): StoreAnswer {
  return { code: status.code, body: status };
}

/** `virtualmachinepools.pool.kubevirt.io`, or `secrets` in the core group. */
export function qualifiedPlural({ plural, group }: ResourceDefinition): string {
  return group === '' ? plural : `${plural}.${group}`;
}

function qualifiedKind(kind: string, group: string): string {
  return group === '' ? kind : `${kind}.${group}`;
}

function details(group: string, kind: string, name: string): FailureDetails {
  return { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind };
}

export function badRequest(message: string): Failure {
  return failure(400, { message, reason: 'BadRequest' });
}

export function notFound(definition: ResourceDefinition, name: string): Failure {
  return failure(404, {
    message: `${qualifiedPlural(definition)} "${name}" not found`,
    reason: 'NotFound',
    details: details(definition.group, definition.plural, name),
  });
}

export function noSuchResource(): Failure {
  return failure(404, {
    message: 'the server could not find the requested resource',
    reason: 'NotFound',
    details: {},
  });
}

export function alreadyExists(definition: ResourceDefinition, name: string): Failure {
  return failure(409, {
    message: `${qualifiedPlural(definition)} "${name}" already exists`,
    reason: 'AlreadyExists',
    details: details(definition.group, definition.plural, name),
  });
}

/** A conflict; a write names the plural. */
export function conflict(definition: ResourceDefinition, name: string, why: string): Failure {
  return failure(409, {
    message: `Operation cannot be fulfilled on ${qualifiedPlural(definition)} "${name}": ${why}`,
    reason: 'Conflict',
    details: details(definition.group, definition.plural, name),
  });
}

/** A conflict with a precondition of a delete, which names the kind instead of the plural. */
export function preconditionFailed(
  { group, kind }: ResourceDefinition,
  name: string,
  why: string,
): Failure {
  return failure(409, {
    message: `Operation cannot be fulfilled on ${qualifiedKind(kind, group)} "${name}": ${why}`,
    reason: 'Conflict',
    details: details(group, kind, name),
  });
}

export const modifiedText =
  'the object has been modified; please apply your changes to the latest version and try again';

type Subject = { readonly group: string; readonly kind: string; readonly name: string };

export function invalid({ group, kind, name }: Subject, causes: readonly Cause[]): Failure {
  // The server joins its errors as a set: a cause that stands twice is told once in the text.
  const texts = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const text = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
  return failure(422, {
    message: `${qualifiedKind(kind, group)} "${name}" is invalid: ${text}`,
    reason: 'Invalid',
    details: { ...details(group, kind, name), causes },
  });
}

/** A patch that cannot be carried out; the real server tells no more than this. */
export function rejectedPatch(): Failure {
  return failure(422, {
    message: 'the server rejected our request due to an error in our request',
    reason: 'Invalid',
    details: {},
  });
}

/** A patch whose result cannot be read as an object of its kind. */
export function unreadablePatch(patchedText: string, why: string): Failure {
  const message = `Invalid value: ${JSON.stringify(patchedText)}: ${why}`;
  return failure(422, {
    message: ` "" is invalid: patch: ${message}`,
    reason: 'Invalid',
    details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
  });
}

export function unsupportedMedia(accepted: readonly string[]): Failure {
  const types = accepted.join(', ');
  return failure(415, {
    message: `the body of the request was in an unknown format - accepted media types include: ${types}`,
    reason: 'UnsupportedMediaType',
  });
}

export function namespaceTerminating(
  definition: ResourceDefinition,
  name: string,
  namespace: string,
): Failure {
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  return failure(403, {
    message: `${qualifiedPlural(definition)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    reason: 'Forbidden',
    details: { ...details(definition.group, definition.plural, name), causes: [cause] },
  });
}

export function expired(message: string): Failure {
  return failure(410, { message, reason: 'Expired' });
}
