import { createHash } from 'node:crypto';
import { frameSchema, recordSchema } from '#shared/contract/records.ts';
import type { Family } from '#shared/contract/ids.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { Poison } from './log.ts';

/** What one frame may hold. A record larger than `bytes` travels alone. */
export const frameLimits = { records: 64, bytes: 256 * 1024, recordBytes: 1_000_000 } as const;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The wire text of a record. Throws for one that no message could carry. */
export function encodeRecord(record: LogRecord): string {
  const text = JSON.stringify(record);
  if (
    text.length * 3 > frameLimits.recordBytes &&
    Buffer.byteLength(text) > frameLimits.recordBytes
  ) {
    throw new RangeError(`a record of type ${record.type} is larger than a message may be`);
  }
  return text;
}

/** Joins records as encodeRecord wrote them. */
export function encodeFrame(records: readonly string[]): Buffer {
  return Buffer.from(`{"v":1,"records":[${records.join(',')}]}`);
}

export type DecodedFrame = {
  readonly records: readonly LogRecord[];
  readonly poison: readonly Poison[];
};

/**
 * Reads a frame at the door: each record is parsed alone, so that a bad one costs only itself. A record
 * in a family that is not its own is poison too, for a writer's rights are given by family.
 */
export function decodeFrame(bytes: Uint8Array, family: Family): DecodedFrame {
  const frame = readFrame(bytes);
  if (typeof frame === 'string') return { records: [], poison: [{ problem: frame }] };
  const records: LogRecord[] = [];
  const poison: Poison[] = [];
  for (const [index, raw] of frame.entries()) {
    const parsed = recordSchema.safeParse(raw);
    if (parsed.success && familyOf(parsed.data) === family) {
      records.push(parsed.data);
      continue;
    }
    const namespace = namespaceOf(raw);
    poison.push({
      index,
      ...(namespace === undefined ? {} : { namespace }),
      problem: parsed.success
        ? `a ${parsed.data.type} in family ${family}`
        : firstIssue(parsed.error),
    });
  }
  return { records, poison };
}

/** Recognises a message after a restore. */
export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function familyOf(record: LogRecord): Family {
  switch (record.type) {
    case 'observed':
    case 'vanished':
    case 'survey-began':
    case 'surveyed':
    case 'rewound':
      return 'fact';
    case 'opened':
    case 'decided':
    case 'held':
      return 'decision';
    case 'settled':
      return 'outcome';
    case 'attributed':
      return 'intake';
    default:
      return unreachable(record);
  }
}

function readFrame(bytes: Uint8Array): readonly unknown[] | string {
  try {
    const frame = frameSchema.safeParse(JSON.parse(decoder.decode(bytes)));
    return frame.success ? frame.data.records : firstIssue(frame.error);
  } catch {
    // The parser's message quotes the text, which may hold anything.
    return 'not JSON';
  }
}

type ParseError = {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
};

function firstIssue(error: ParseError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'unreadable';
  return `${issue.path.map(String).join('.')}: ${issue.message}`;
}

/** The namespace that a broken record still names, wherever its kind keeps it. */
function namespaceOf(raw: unknown): string | undefined {
  if (!isRecord(raw)) return undefined;
  const { object, set } = raw;
  const meta = isRecord(object) ? object['meta'] : undefined;
  const places = [
    raw['namespace'],
    field(meta, 'namespace'),
    field(object, 'namespace'),
    field(set, 'namespace'),
  ];
  return places.find((place) => typeof place === 'string');
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
