import type { KV } from 'nats';
import { isRecord } from '#shared/lib/canonical.ts';
import { untilAnswered } from './ask.ts';
import type { Link } from './link.ts';
import type { Position, Positions } from './position.ts';

/** Positions in a key-value bucket, one key for each reader. */
export function createPositions(link: Link, bucket: KV): Positions {
  return {
    async load(reader) {
      const entry = await untilAnswered(link, () => bucket.get(reader));
      return entry === null || entry.operation !== 'PUT' ? undefined : parse(entry.string());
    },
    async save(reader, position) {
      await untilAnswered(link, () => bucket.put(reader, JSON.stringify(position)));
    },
  };
}

/** Undefined for what cannot be read: a reader without a position starts over, which is safe. */
function parse(text: string): Position | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { lineage, sequence, hash, at, read } = value;
  if (typeof lineage !== 'string' || typeof sequence !== 'number') return undefined;
  return {
    lineage,
    sequence,
    ...(typeof hash === 'string' ? { hash } : {}),
    ...(typeof at === 'number' ? { at } : {}),
    ...(isPlace(read) ? { read } : {}),
  };
}

function isPlace(value: unknown): value is NonNullable<Position['read']> {
  return (
    isRecord(value) && typeof value['sequence'] === 'number' && typeof value['hash'] === 'string'
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
