import type { Cluster, RawObject } from '#shared/cluster/cluster.ts';
import type { View } from '#shared/core/view.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { resourceVersionSchema } from '#shared/contract/ids.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import type { Message } from '#shared/stream/log.ts';
import type { Position } from '#shared/stream/position.ts';
import type { Stream } from '#shared/stream/stream.ts';
import type { Mutation } from './pipeline.ts';

/**
 * Faults of thinking, each put between parts of production that are as they are. A simulation that does
 * not notice one of them would not notice the real thing.
 */
export const mutants = {
  'own commands are not folded': {
    decider: (decider) => ({
      ...decider,
      evolve: (view, entry) =>
        decider.evolve(view, { ...entry, records: entry.records.map(withoutCommands) }),
    }),
  },

  'an unclear answer is taken as a no': {
    executorCluster: (cluster) => ({
      ...cluster,
      create: async (object) => {
        const answer = await cluster.create(object);
        if (answer.ok || answer.failure.kind !== 'unclear') return answer;
        return { ok: false, failure: { ...answer.failure, kind: 'rejected' } };
      },
    }),
  },

  'deletes name no uid': {
    executorCluster: (cluster) => ({
      ...cluster,
      remove: (ref, { resourceVersion }) =>
        // oxlint-disable-next-line typescript/unbound-method -- bound by apply, which takes half a precondition
        Reflect.apply(cluster.remove, cluster, [ref, { resourceVersion }]),
    }),
  },

  'the live read before destruction is an old one': {
    executorCluster: (cluster) => ({ ...cluster, read: rememberReads(cluster) }),
  },

  'the close of a survey buries nobody': {
    decider: (decider) => ({
      ...decider,
      evolve(view, entry) {
        if (entry.sequence <= view.sequence) return [];
        // One by one, for a frame may hold a whole survey.
        const touched = entry.records.flatMap((record) => {
          if (record.type === 'surveyed') seeAll(view, record);
          view.sequence = entry.sequence - 1;
          return decider.evolve(view, { ...entry, records: [record] });
        });
        return [...new Set(touched)].toSorted();
      },
    }),
  },

  'the absence of a kind is read as deletion': {
    decider: (decider) => ({
      ...decider,
      evolve: (view, entry) =>
        decider.evolve(view, { ...entry, records: entry.records.map(withoutDoubt) }),
    }),
  },

  'commands are acknowledged before they are done': {
    executorStream: (stream) => ({
      ...stream,
      positions: { ...stream.positions, load: () => newestPosition(stream) },
    }),
  },

  'a position counts without its lineage': {
    executorStream: (stream) => ({
      ...stream,
      positions: { ...stream.positions, load: (reader) => positionByNumber(stream, reader) },
    }),
  },

  'surveys of before a log was set back are believed': {
    decider: (decider) => ({
      ...decider,
      evolve: (view, entry) =>
        decider.evolve(view, { ...entry, records: entry.records.map(withoutDistrust) }),
    }),
  },

  'what another executor has left is made again': {
    executorStream: (stream) => ({ ...stream, last: async () => undefined }),
  },

  'an older epoch goes on writing': {
    reconcilerStream: (stream) => deafTo(stream),
  },

  'half a frame is folded': {
    reconcilerStream: (stream) => ({
      ...stream,
      read: (from, signal) =>
        mapped(stream.read(from, signal), (message) => ({
          ...message,
          records: message.records.slice(0, Math.ceil(message.records.length / 2)),
        })),
    }),
  },

  'lists come from a stale cache': {
    watcherCluster: (cluster) => {
      const pages = new Map<string, ReturnType<Cluster['list']>>();
      return {
        ...cluster,
        list(kind, page) {
          const key = `${kind}/${page.continue ?? ''}`;
          const answer = pages.get(key) ?? cluster.list(kind, page);
          pages.set(key, answer);
          return answer;
        },
      };
    },
  },

  'destruction comes before its row': {
    bookPosition: (_, stream) => () => newestPosition(stream),
  },

  'the book is believed by its number': {
    bookPosition: (read, stream) => async () => {
      const position = await read();
      return position && placeOf(stream, position);
    },
  },

  'the guard against mass deletion is off': {
    limits: (limits) => ({ ...limits, massDeleteCount: 1_000_000 }),
  },

  'the server gives the names': {
    executorCluster: (cluster) => ({
      ...cluster,
      create: (object) => cluster.create(withoutName(object)),
    }),
  },
} as const satisfies Readonly<Record<string, Mutation>>;

export type MutantName = keyof typeof mutants;

function withoutCommands(record: LogRecord): LogRecord {
  return record.type === 'decided' ? { ...record, commands: [] } : record;
}

/** A kind that is not served is taken for one without objects. */
function withoutDoubt(record: LogRecord): LogRecord {
  if (record.type !== 'surveyed' || record.unserved !== true) return record;
  const { unserved: _, ...rest } = record;
  return { ...rest, resourceVersion: resourceVersionSchema.parse('999999999') };
}

function withoutDistrust(record: LogRecord): LogRecord {
  if (record.type !== 'opened') return record;
  const { trustsFrom: _, ...rest } = record;
  return rest;
}

/** Everything known counts as seen, so nothing is found to be gone. */
function seeAll(view: View, record: Extract<LogRecord, { type: 'surveyed' }>): void {
  const kind = view.kinds.get(record.kind);
  for (const uid of kind?.uids ?? []) kind?.open?.seen.add(uid);
}

function rememberReads(cluster: Cluster): Cluster['read'] {
  const reads = new Map<string, ReturnType<Cluster['read']>>();
  return async (ref) => {
    const key = `${ref.kind}/${ref.namespace}/${ref.name}`;
    const known = reads.get(key) ?? cluster.read(ref);
    reads.set(key, known);
    const answer = await known;
    if (!answer.ok) reads.delete(key);
    return answer;
  };
}

async function newestPosition(stream: Stream) {
  const { last } = await stream.bounds();
  const message = await stream.at(last);
  const { lineage } = stream.identity;
  return message && { lineage, sequence: last, hash: message.hash };
}

/** Wherever the log of now has a message of that number, the position is taken to be there. */
async function positionByNumber(stream: Stream, reader: string): Promise<Position | undefined> {
  const position = await stream.positions.load(reader);
  return position && placeOf(stream, position);
}

/** The place of that number in the log of now, or the end that comes before it. */
async function placeOf(stream: Stream, position: Position): Promise<Position> {
  const { first, last } = await stream.bounds();
  const sequence = Math.max(first, Math.min(position.sequence, last));
  const hash = (await stream.at(sequence))?.hash ?? '';
  return { lineage: stream.identity.lineage, sequence, hash };
}

/** Who takes over later goes unheard, and a wrong sequence is answered with the one that was found. */
function deafTo(stream: Stream): Stream {
  let holder: string | undefined;
  return {
    ...stream,
    async appendDecision(shard, decision, expected) {
      if (decision.type === 'opened') {
        holder = decision.holder;
        return stream.appendDecision(shard, decision, expected);
      }
      for (let expect = expected; ;) {
        const answer = await stream.appendDecision(shard, decision, expect);
        if (answer.stored) return answer;
        expect = answer.last;
      }
    },
    read: (from, signal) =>
      mapped(stream.read(from, signal), (message) => ({
        ...message,
        records: message.records.filter(
          (record) => record.type !== 'opened' || holder === undefined || record.holder === holder,
        ),
      })),
  };
}

async function* mapped(
  messages: AsyncIterable<Message>,
  change: (message: Message) => Message,
): AsyncGenerator<Message> {
  for await (const message of messages) yield change(message);
}

function withoutName(object: RawObject): RawObject {
  if (object.kind !== 'VirtualMachineInstance' || !isRecord(object.metadata)) return object;
  const { name, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, generateName: `${name}-` } };
}
