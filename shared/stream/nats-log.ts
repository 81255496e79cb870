import { createInbox } from 'nats';
import type { JetStreamManager, StoredMsg, StreamInfo } from 'nats';
import { families } from '#shared/contract/ids.ts';
import type { Family } from '#shared/contract/ids.ts';
import { backoffMs } from '#shared/process/backoff.ts';
import { currentTrace, inSpan } from '#shared/process/tracing.ts';
import { systemClock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import { storedMessage, untilAnswered } from './ask.ts';
import { ConditionKeeper } from './condition.ts';
import { attestDurability } from './durability.ts';
import { encodeFrame, encodeRecord, hashOf } from './frame.ts';
import { createLanes } from './lanes.ts';
import type { Lanes, Load } from './lanes.ts';
import { identify, LineageError } from './lineage.ts';
import type { Link } from './link.ts';
import { openLink } from './link.ts';
import type { LogIdentity, Message } from './log.ts';
import { createLeases } from './nats-leases.ts';
import { createPositions } from './nats-positions.ts';
import { createSnapshots } from './nats-snapshots.ts';
import { Publisher, traceHeader, wrongLastSequence } from './publisher.ts';
import type { Answer, Outgoing } from './publisher.ts';
import { readInOrder } from './reader.ts';
import { toMessage } from './message.ts';
import type { StreamSettings } from './settings.ts';
import type { Stream } from './stream.ts';
import { wantedLog, wantedStreams } from './stream-config.ts';
import { buckets, familyIn, streamName, subjectOf } from './subjects.ts';
import { swap } from './swap.ts';
import type { Try } from './swap.ts';
import { Traffic } from './traffic.ts';
import type { Flow } from './traffic.ts';
import { verifyStream } from './verify.ts';
import { Witness } from './witness.ts';

const again = { firstMs: 50, mostMs: 2_000 };
const sayEachMs = 10_000;
/** How often a process makes sure that the log is still the one it knows. */
const checkEachMs = 5_000;

/** The log over NATS, and what has passed over this connection. */
export type NatsStream = Stream & { readonly traffic: Traffic };

/**
 * Opens the cluster's log, after proving that the broker keeps what it acknowledges and that stream and
 * buckets are as provisioned. Throws RefusalError, with a sentence for the operator, when not.
 */
export async function openNatsLog(settings: StreamSettings, log: Logger): Promise<NatsStream> {
  const link = await openLink(settings, log);
  try {
    await attestDurability(settings, link.connection.info, log);
    const manager = await link.connection.jetstreamManager({ checkAPI: false });
    const info = await verifyAll(manager, settings.cluster);
    const identity = identify(streamName(settings.cluster), info.created);
    const witness = new Witness(manager, identity);
    const keeper = new ConditionKeeper(() => systemClock.monotonicMs());
    measure(keeper, info);
    const check = () => checkLineage({ link, witness, keeper });
    link.verifyWith(check);
    const checking = setInterval(() => void checkInTime(link, check), checkEachMs);
    checking.unref();
    void link.lost.catch(() => clearInterval(checking));
    const client = link.connection.jetstream();
    const bound = { bindOnly: true } as const;
    const leases = createLeases(link, await client.views.kv(buckets.leases, bound));
    const positions = createPositions(link, await client.views.kv(buckets.positions, bound));
    const snapshots = createSnapshots({ link, client, manager });
    const publisher = new Publisher(link, createInbox(link.inbox));
    const said = { at: -sayEachMs };
    const traffic = new Traffic();
    const parts = { link, manager, publisher, identity, witness, keeper, traffic, said, check };
    return assemble(parts, { leases, positions, snapshots });
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
}

type Parts = {
  readonly link: Link;
  readonly manager: JetStreamManager;
  readonly publisher: Publisher;
  readonly identity: LogIdentity;
  readonly witness: Witness;
  readonly keeper: ConditionKeeper;
  readonly traffic: Traffic;
  /** When a refusal was told last. */
  readonly said: { at: number };
  /** Ends the link, and throws, when the log is not the one we knew. */
  readonly check: () => Promise<void>;
};

function assemble(
  parts: Parts,
  beside: Pick<Stream, 'leases' | 'positions' | 'snapshots'>,
): NatsStream {
  const { link, manager, publisher, identity, keeper, traffic, check } = parts;
  const lanes: Lanes = createLanes((subject, payload, load) =>
    storeFrame(parts, { subject, payload, load }),
  );
  const lastOf = (subject: string): Promise<StoredMsg | undefined> =>
    untilAnswered(link, () => storedMessage(manager, identity.stream, { last_by_subj: subject }));
  return {
    ...beside,
    identity,
    traffic,
    lost: link.lost,
    condition: () => keeper.condition,
    append: async (shard, family, record) =>
      lanes.append(subjectOf({ shard, family }), encodeRecord(record), currentTrace()),
    async appendDecision(shard, decision, expected) {
      const subject = subjectOf({ shard, family: 'decision' });
      const payload = encodeFrame([encodeRecord(decision)]);
      return swap({
        expected,
        hash: hashOf(payload),
        attempt: (expect) => tryDecision(parts, { subject, payload, expected: expect }),
        readLast: async () => {
          const last = await lastOf(subject);
          // Another log has no such decision either: there it would be stored as the first.
          await untilAnswered(link, check);
          return last && { sequence: last.seq, hash: hashOf(last.data) };
        },
      });
    },
    async bounds() {
      const { state } = await untilAnswered(link, () => manager.streams.info(identity.stream));
      return { first: Math.max(1, state.first_seq), last: state.last_seq };
    },
    async at(sequence) {
      if (sequence < 1) return undefined;
      const stored = await untilAnswered(link, () =>
        storedMessage(manager, identity.stream, { seq: sequence }),
      );
      const found = stored && fromStored(stored);
      // Whoever rests on it must hear when the log no longer has it.
      if (found !== undefined) parts.witness.read(sequence, found.hash);
      return found;
    },
    async last(shard, family) {
      const stored = await lastOf(subjectOf({ shard, family }));
      return stored && fromStored(stored);
    },
    read: (from, signal) => readMessages(parts, from, signal),
    async [Symbol.asyncDispose]() {
      publisher[Symbol.dispose]();
      await link[Symbol.asyncDispose]();
    },
  };
}

async function* readMessages(
  { link, manager, identity, witness, traffic, check }: Parts,
  from: { readonly after: number; readonly families?: readonly Family[] },
  signal: AbortSignal,
): AsyncGenerator<Message> {
  const reading = { link, manager, stream: identity.stream, inbox: link.inbox, signal, check };
  const isPartial = from.families !== undefined && from.families.length < families.length;
  for await (const delivery of readInOrder(reading, from)) {
    const { message: wire, sequence, at, pending } = delivery;
    const trace = wire.headers?.get(traceHeader);
    const message = toMessage({
      ...{ subject: wire.subject, data: wire.data, sequence, at },
      ...(trace && { trace }),
    });
    traffic.reached({ sequence, at, pending, isPartial });
    if (message === undefined) continue;
    const flow = traffic.read[message.family];
    flow.messages += 1;
    flow.records += message.records.length;
    flow.bytes += wire.data.length;
    traffic.unreadable += message.poison.length;
    witness.read(sequence, message.hash);
    yield message;
  }
}

type Frame = { readonly subject: string; readonly payload: Buffer; readonly load: Load };

/** Stores a frame in a span of its own, which those who read it can tell that they follow from. */
async function storeFrame(parts: Parts, frame: Frame): Promise<number> {
  const { records, traces } = frame.load;
  const name = `store ${familyIn(frame.subject)}`;
  const attributes = { 'rollcall.records': records, 'rollcall.bytes': frame.payload.length };
  return inSpan({ name, links: traces, attributes }, () => store(parts, frame));
}

/** Publishes a frame again and again until the broker has it. */
async function store(parts: Parts, { subject, payload, load }: Frame): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send(parts, { subject, payload }, load.records);
    if (answer.kind === 'stored') return answer.sequence;
    await systemClock.sleep(backoffMs(again, attempt, Math.random()));
  }
}

async function tryDecision(
  parts: Parts,
  message: { readonly subject: string; readonly payload: Buffer; readonly expected: number },
): Promise<Try> {
  const answer = await send(parts, message, 1);
  if (answer.kind === 'stored') return answer;
  if (isWrongSequence(answer)) return { kind: 'wrong-sequence' };
  await systemClock.sleep(backoffMs(again, 3, Math.random()));
  return { kind: 'unclear' };
}

/** Publishes once, and takes note of what the answer says about the log. */
async function send(parts: Parts, message: Outgoing, records: number): Promise<Answer> {
  const { link, publisher, witness, keeper, traffic } = parts;
  const startedMs = systemClock.monotonicMs();
  await link.up();
  const sent = { after: witness.sequence, payload: message.payload };
  const answer = await publisher.publish({ ...message, trace: currentTrace() });
  traffic.storingMs += systemClock.monotonicMs() - startedMs;
  if (answer.kind === 'stored') {
    keeper.stored();
    count(traffic.stored[familyIn(message.subject)], message.payload, records);
    noteStored({ link, witness }, answer.sequence, sent);
  } else if (!isWrongSequence(answer)) {
    traffic.refused += 1;
    keeper.refused(answer.problem);
    sayRefused(parts, { subject: message.subject, ...answer });
  }
  return answer;
}

function count(flow: Flow, { length }: Uint8Array, records: number): void {
  flow.messages += 1;
  flow.records += records;
  flow.bytes += length;
}

function isWrongSequence(answer: Answer): boolean {
  return answer.kind === 'refused' && answer.code === wrongLastSequence;
}

/** Once in a while: by a broker that is full every lane is refused several times a second. */
function sayRefused({ link, said }: Parts, answer: Readonly<Record<string, unknown>>): void {
  const now = systemClock.monotonicMs();
  if (now - said.at < sayEachMs) return;
  said.at = now;
  link.log.warn(answer, 'the log does not take records, trying again');
}

/** What the broker says of the log, once everything is as wanted. */
async function verifyAll(manager: JetStreamManager, cluster: string): Promise<StreamInfo> {
  for (const wanted of wantedStreams(cluster)) await verifyStream(manager, wanted);
  return verifyStream(manager, wantedLog(cluster));
}

/** What we hold is about the log that we knew: with another one this connection is of no use. */
async function checkLineage({
  link,
  witness,
  keeper,
}: Pick<Parts, 'link' | 'witness' | 'keeper'>): Promise<void> {
  try {
    measure(keeper, await witness.check());
  } catch (error) {
    if (error instanceof LineageError) link.fail(error);
    throw error;
  }
}

/** Without an answer the connection is about to be found broken, and is checked when it is back. */
async function checkInTime(link: Link, check: () => Promise<void>): Promise<void> {
  if (!link.isUp) return;
  await check().catch((error: unknown) => link.log.debug({ err: error }, 'the log is not proven'));
}

function noteStored(
  { link, witness }: { readonly link: Link; readonly witness: Witness },
  sequence: number,
  sent: { readonly after: number; readonly payload: Uint8Array },
): void {
  try {
    witness.stored(sequence, sent);
  } catch (error) {
    if (error instanceof LineageError) link.fail(error);
    throw error;
  }
}

function measure(keeper: ConditionKeeper, { config, state }: StreamInfo): void {
  keeper.measured({
    last: state.last_seq,
    bytes: state.bytes,
    mostBytes: config.max_bytes,
    messages: state.messages,
    mostMessages: config.max_msgs,
  });
}

function fromStored(stored: StoredMsg): Message | undefined {
  const { subject, data, seq, time } = stored;
  return toMessage({ subject, data, sequence: seq, at: time.getTime() });
}
