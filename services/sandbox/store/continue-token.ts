import { isRecord } from '#shared/lib/canonical.ts';

export type Continue =
  | { readonly kind: 'none' }
  /** Where the next page begins; a negative version takes what is there now. */
  | { readonly kind: 'from'; readonly resourceVersion: number; readonly start: string }
  | { readonly kind: 'unreadable'; readonly why: string };

const version = 'meta.k8s.io/v1';

export function continueToken(resourceVersion: number, start: string): string {
  const text = JSON.stringify({ v: version, rv: resourceVersion, start });
  return Buffer.from(text).toString('base64url');
}

export function readContinueToken(token: string): Continue {
  if (token === '') return { kind: 'none' };
  const bad = firstBadByte(token);
  if (bad !== undefined) return unreadable(`illegal base64 data at input byte ${bad}`);
  const parsed = parse(Buffer.from(token, 'base64url').toString());
  if (parsed?.['v'] !== version) {
    return unreadable('server does not recognize this encoded version');
  }
  const { rv, start } = parsed;
  if (typeof start !== 'string' || start === '') {
    return unreadable('encoded start key empty (version meta.k8s.io/v1)');
  }
  const resourceVersion = Number(rv);
  if (!Number.isInteger(resourceVersion) || resourceVersion === 0) {
    return unreadable('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  return { kind: 'from', resourceVersion, start };
}

function unreadable(why: string): Continue {
  return { kind: 'unreadable', why: `invalid continue token: continue key is not valid: ${why}` };
}

/** Where Go's decoder stops: at a strange character, or at a last one that stands alone. */
function firstBadByte(token: string): number | undefined {
  const strange = token.search(/[^A-Za-z0-9_-]/);
  if (strange !== -1) return strange;
  return token.length % 4 === 1 ? token.length - 1 : undefined;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // Not JSON is not a token of ours.
    return undefined;
  }
}
