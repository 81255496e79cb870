import { headers as createHeaders } from 'nats';
import type { JetStreamClient, JetStreamManager } from 'nats';
import type { Shard } from '#shared/contract/ids.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { storedMessage, untilAnswered } from './ask.ts';
import { hashOf } from './frame.ts';
import type { Link } from './link.ts';
import type { Position } from './position.ts';
import { newestFirst, placeForNext, snapshotPlaces } from './snapshots.ts';
import type { SnapshotHead, SnapshotPlace, Snapshots } from './snapshots.ts';
import { snapshotBucket, snapshotStream, snapshotSubjects } from './subjects.ts';

/** A message may hold 1 MB, and the broker's answer wraps it. */
const chunkBytes = 256 * 1024;
const chunksInFlight = 8;
const timeout = 10_000;

type Parts = {
  readonly link: Link;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
};

/**
 * Snapshots in an object-store bucket, laid out as every object store is, so that the broker's own tools
 * can list and fetch them. The chunks of a generation always stand under the same name: a write that was
 * cut short leaves nothing behind that the next one does not clear away.
 */
export function createSnapshots(parts: Parts): Snapshots {
  return {
    find: (shard) => find(parts, shard),
    read: (shard, head) => read(parts, shard, head),
    async save(shard, { position, version, body }) {
      const place = placeForNext(await find(parts, shard));
      await clear(parts, shard, place);
      await putChunks(parts, shard, { place, body });
      const sha256 = hashOf(body);
      return putHead(parts, shard, { place, position, version, sha256, size: body.byteLength });
    },
    move: (shard, head, position) => putHead(parts, shard, { ...head, position }),
  };
}

async function find({ link, manager }: Parts, shard: Shard): Promise<readonly SnapshotHead[]> {
  const asked = snapshotPlaces.map(async (place) => {
    const query = { last_by_subj: snapshotSubjects(shard, place).head };
    const stored = await untilAnswered(link, () => storedMessage(manager, snapshotStream, query));
    return stored === undefined ? undefined : parseHead(stored.string(), place, stored.seq);
  });
  return newestFirst((await Promise.all(asked)).filter((head) => head !== undefined));
}

async function read(
  { link, manager }: Parts,
  shard: Shard,
  { place, sha256, size }: SnapshotHead,
): Promise<Uint8Array | undefined> {
  const subject = snapshotSubjects(shard, place).chunks;
  const chunks: Uint8Array[] = [];
  for (let seq = 1, left = size; left > 0;) {
    const query = { seq, next_by_subj: subject };
    const chunk = await untilAnswered(link, () => storedMessage(manager, snapshotStream, query));
    if (chunk === undefined) return undefined;
    chunks.push(chunk.data);
    left -= chunk.data.byteLength;
    seq = chunk.seq + 1;
  }
  const body = Buffer.concat(chunks);
  return body.byteLength === size && hashOf(body) === sha256 ? body : undefined;
}

async function clear({ manager }: Parts, shard: Shard, place: SnapshotPlace): Promise<void> {
  const { head, chunks } = snapshotSubjects(shard, place);
  await manager.streams.purge(snapshotStream, { filter: head });
  await manager.streams.purge(snapshotStream, { filter: chunks });
}

async function putChunks(
  { client }: Parts,
  shard: Shard,
  { place, body }: { readonly place: SnapshotPlace; readonly body: Uint8Array },
): Promise<void> {
  const subject = snapshotSubjects(shard, place).chunks;
  // One connection keeps their order; only how many wait for their answer is bounded.
  let flying: Promise<unknown>[] = [];
  for (let at = 0; at < body.byteLength; at += chunkBytes) {
    flying.push(client.publish(subject, body.subarray(at, at + chunkBytes), { timeout }));
    if (flying.length < chunksInFlight) continue;
    await Promise.all(flying);
    flying = [];
  }
  await Promise.all(flying);
}

async function putHead(
  { client }: Parts,
  shard: Shard,
  head: Omit<SnapshotHead, 'revision'>,
): Promise<SnapshotHead> {
  const headers = createHeaders();
  headers.set('Nats-Rollup', 'sub');
  const subject = snapshotSubjects(shard, head.place).head;
  const payload = JSON.stringify(headOnTheWire(shard, head));
  const { seq } = await client.publish(subject, payload, { headers, timeout });
  return { ...head, revision: seq };
}

/** The fields that an object store has for every object, and ours among its metadata. */
function headOnTheWire(
  shard: Shard,
  { place, position, version, sha256, size }: Omit<SnapshotHead, 'revision'>,
): object {
  const { lineage, sequence, hash } = position;
  return {
    name: `${shard}-${place}`,
    bucket: snapshotBucket,
    nuid: `${shard}-${place}`,
    size,
    chunks: Math.ceil(size / chunkBytes),
    digest: `SHA-256=${Buffer.from(sha256, 'hex').toString('base64url')}=`,
    options: { max_chunk_size: chunkBytes },
    metadata: {
      lineage,
      sequence: String(sequence),
      ...(hash === undefined ? {} : { hash }),
      version: String(version),
      sha256,
    },
  };
}

/** Undefined for what cannot be read: the other generation, or the log, stands in for it. */
function parseHead(text: string, place: SnapshotPlace, revision: number): SnapshotHead | undefined {
  const wire = parseJson(text);
  if (!isRecord(wire) || !isRecord(wire['metadata'])) return undefined;
  const { lineage, sequence, hash, version, sha256 } = wire['metadata'];
  if (typeof lineage !== 'string' || typeof sha256 !== 'string') return undefined;
  const position: Position = {
    lineage,
    sequence: Number(sequence),
    ...(typeof hash === 'string' ? { hash } : {}),
  };
  const numbers = { version: Number(version), size: Number(wire['size']) };
  const isWhole = [position.sequence, ...Object.values(numbers)].every(Number.isSafeInteger);
  return isWhole ? { place, position, ...numbers, sha256, revision } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
