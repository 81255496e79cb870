/** What a path asks for, before anyone looks whether it exists. */
export type Target =
  | { readonly kind: 'version' }
  | { readonly kind: 'health'; readonly check: 'healthz' | 'livez' | 'readyz' }
  | { readonly kind: 'core-versions' }
  | { readonly kind: 'groups' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'resources'; readonly group: string; readonly version: string }
  | { readonly kind: 'openapi-index' }
  | { readonly kind: 'openapi'; readonly path: string }
  | ObjectTarget
  | { readonly kind: 'unknown' };

export type ObjectTarget = {
  readonly kind: 'objects';
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  /** The old form `/watch/…`, which means the query `watch=true`. */
  readonly watch: boolean;
};

const unknown: Target = { kind: 'unknown' };

/** Reads a path without its query; segments are percent-decoded, empty ones do not count. */
export function parsePath(path: string): Target {
  const parts = segmentsOf(path);
  if (parts === undefined) return unknown;
  const [root, ...rest] = parts;
  switch (root) {
    case 'api':
      return coreTarget(rest);
    case 'apis':
      return groupTarget(rest);
    case 'openapi':
      return openapiTarget(rest);
    case 'version':
      return rest.length === 0 ? { kind: 'version' } : unknown;
    case 'healthz':
    case 'livez':
    case 'readyz':
      return { kind: 'health', check: root };
    default:
      return unknown;
  }
}

function segmentsOf(path: string): readonly string[] | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  if (!path.includes('%')) return parts;
  try {
    return parts.map((part) => decodeURIComponent(part));
  } catch {
    // A broken escape names nothing that exists.
    return undefined;
  }
}

function coreTarget([version, ...rest]: readonly string[]): Target {
  if (version === undefined) return { kind: 'core-versions' };
  if (rest.length === 0) return { kind: 'resources', group: '', version };
  return objectTarget({ group: '', version }, rest);
}

function groupTarget([group, version, ...rest]: readonly string[]): Target {
  if (group === undefined) return { kind: 'groups' };
  if (version === undefined) return { kind: 'group', group };
  if (rest.length === 0) return { kind: 'resources', group, version };
  return objectTarget({ group, version }, rest);
}

function openapiTarget([version, ...rest]: readonly string[]): Target {
  if (version !== 'v3') return unknown;
  return rest.length === 0 ? { kind: 'openapi-index' } : { kind: 'openapi', path: rest.join('/') };
}

type GroupVersion = { readonly group: string; readonly version: string };

function objectTarget(groupVersion: GroupVersion, parts: readonly string[]): Target {
  const watch = parts[0] === 'watch';
  const rest = watch ? parts.slice(1) : parts;
  const base = { kind: 'objects', ...groupVersion, watch } as const;
  if (rest[0] === 'namespaces' && !isNamespaceItself(rest)) {
    const [, namespace, plural, name, subresource, ...more] = rest;
    if (namespace === undefined || plural === undefined || more.length > 0) return unknown;
    return { ...base, plural, namespace, ...named(name, subresource) };
  }
  const [plural, name, subresource, ...more] = rest;
  if (plural === undefined || more.length > 0) return unknown;
  return { ...base, plural, ...named(name, subresource) };
}

/** `namespaces/x` and its subresources are the Namespace; anything longer lies inside of it. */
function isNamespaceItself(parts: readonly string[]): boolean {
  const third = parts[2];
  return parts.length <= 2 || (parts.length === 3 && (third === 'status' || third === 'finalize'));
}

function named(name: string | undefined, subresource: string | undefined): Partial<ObjectTarget> {
  return {
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}
