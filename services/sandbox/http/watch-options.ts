import { failure, invalidOptions } from './status.ts';
import type { StatusCause } from './status.ts';
import { isSet, readInteger } from './query.ts';
import type { Read } from './query.ts';

export type WatchOptions = {
  readonly begin: WatchBegin;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
};

export type WatchBegin =
  | { readonly kind: 'after'; readonly resourceVersion: number }
  | { readonly kind: 'now' }
  /** With the objects that exist; `endMarked` asks for a bookmark where they end. */
  | { readonly kind: 'existing'; readonly endMarked: boolean };

const leastTimeoutMs = 30 * 60_000;

/** Reads the query of a watch; `chance` in [0, 1) spreads the ends of watches that set no time. */
export function readWatchOptions(query: URLSearchParams, chance: number): Read<WatchOptions> {
  const causes = initialEventsCauses(query);
  if (causes.length > 0) {
    return { kind: 'refused', status: invalidOptions('ListOptions', causes) };
  }
  const timeout = readInteger(query, 'timeoutSeconds');
  if (timeout.kind === 'refused') return timeout;
  const version = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(version)) {
    const text = JSON.stringify(version);
    const problem = `resourceVersion: Invalid value: ${text}: strconv.ParseUint: parsing ${text}: invalid syntax`;
    return { kind: 'refused', status: failure(500, problem) };
  }
  const timeoutMs =
    timeout.value === undefined || timeout.value <= 0
      ? leastTimeoutMs * (1 + chance)
      : timeout.value * 1000;
  const bookmarks = isSet(query, 'allowWatchBookmarks');
  return { kind: 'read', value: { begin: beginOf(query, version), bookmarks, timeoutMs } };
}

function beginOf(query: URLSearchParams, version: string): WatchBegin {
  if (isSet(query, 'sendInitialEvents')) return { kind: 'existing', endMarked: true };
  if (version !== '' && version !== '0') {
    return { kind: 'after', resourceVersion: Number(version) };
  }
  return query.has('sendInitialEvents') ? { kind: 'now' } : { kind: 'existing', endMarked: false };
}

function initialEventsCauses(query: URLSearchParams): readonly StatusCause[] {
  const match = query.get('resourceVersionMatch') ?? '';
  const asked = query.has('sendInitialEvents');
  const forbidden = (text: string): StatusCause => ({
    reason: 'FieldValueForbidden',
    message: `Forbidden: ${text}`,
    field: 'resourceVersionMatch',
  });
  if (!asked) {
    if (match === '') return [];
    return [
      forbidden('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
    ];
  }
  if (match === 'NotOlderThan') return [];
  const missing = forbidden(
    'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  );
  if (match === '') return [missing];
  const message = `Unsupported value: ${JSON.stringify(match)}: supported values: "NotOlderThan"`;
  return [missing, { reason: 'FieldValueNotSupported', message, field: 'resourceVersionMatch' }];
}
