import type { ResourceDefinition } from '../store/types.ts';

/** A metav1 Status that tells a failure. */
export type Status = {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: 'Failure';
  readonly message: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
};

export type StatusDetails = {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly StatusCause[];
};

export type StatusCause = {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
};

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
};

/** A failure; its reason follows from the code, and a code without one stays without, as in Go. */
export function failure(code: number, message: string, details?: StatusDetails): Status {
  const reason = reasons[code];
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** Request options that the server refuses, for instance `CreateOptions`. */
export function invalidOptions(kind: string, causes: readonly StatusCause[]): Status {
  const texts = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
  const message = `${kind}.meta.k8s.io "" is invalid: ${text}`;
  return failure(422, message, { group: 'meta.k8s.io', kind, causes });
}

/** `virtualmachinepools.pool.kubevirt.io`, or the plural alone in the core group. */
export function qualifiedResource(resource: Pick<ResourceDefinition, 'group' | 'plural'>): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** The details that a Status about a resource carries; the core group is left out, as in Go. */
export function resourceDetails(
  resource: Pick<ResourceDefinition, 'group' | 'plural'>,
  name?: string,
): StatusDetails {
  return {
    ...(name === undefined ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
  };
}
