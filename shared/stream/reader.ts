import { AckPolicy, DeliverPolicy, nanos, nuid, ReplayPolicy } from 'nats';
import type { ConsumerConfig, JetStreamManager } from 'nats';
import { families } from '#shared/contract/ids.ts';
import type { Family } from '#shared/contract/ids.ts';
import { backoffMs } from '#shared/process/backoff.ts';
import { systemClock } from '#shared/process/clock.ts';
import { untilAnswered } from './ask.ts';
import type { Delivery } from './delivery.ts';
import type { Link } from './link.ts';
import { Pulling } from './pulling.ts';
import { subjectsOfFamily } from './subjects.ts';

export type Reading = {
  readonly link: Link;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** Prefix under which this connection may listen. */
  readonly inbox: string;
  readonly signal: AbortSignal;
  /** Throws when the log is not the one that was read so far. */
  readonly check: () => Promise<void>;
};

/** The broker forgets a reader's consumer when it has not asked for so long. */
const forgottenAfterMs = 60_000;
const again = { firstMs: 50, mostMs: 2_000 };

/**
 * Every message after a sequence, in order and without a gap. The position is ours alone: the consumer
 * on the broker is only a way to be sent messages, is never acknowledged to, and is made anew from our
 * position whenever it misses one, falls silent, or the connection was lost.
 */
export async function* readInOrder(
  reading: Reading,
  from: { readonly after: number; readonly families?: readonly Family[] },
): AsyncGenerator<Delivery> {
  let { after } = from;
  for (let attempt = 1; ; attempt += 1) {
    const consumer = await unlessStopped(reading, makeConsumer(reading, { ...from, after }));
    if (consumer === undefined) return;
    using pulling = new Pulling(reading, consumer);
    for (;;) {
      const delivery = await pulling.next();
      if (delivery === undefined) break;
      attempt = 1;
      after = delivery.sequence;
      yield delivery;
    }
    if (reading.signal.aborted) return;
    reading.link.log.info({ after, because: pulling.ended }, 'reading the log anew');
    await unlessStopped(
      reading,
      systemClock.sleep(backoffMs(again, attempt, Math.random()), reading.signal),
    );
    // By sequence alone we would go on in the middle of another log.
    await unlessStopped(reading, untilAnswered(reading.link, reading.check, reading.signal));
  }
}

/** Undefined once the reading was told to stop, which is an end and not a failure. */
async function unlessStopped<Value>(
  { signal }: Reading,
  work: Promise<Value>,
): Promise<Value | undefined> {
  try {
    const value = await work;
    return signal.aborted ? undefined : value;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function makeConsumer(
  reading: Reading,
  from: { readonly after: number; readonly families?: readonly Family[] },
): Promise<string> {
  const filters = (from.families ?? []).map(subjectsOfFamily);
  const config: Partial<ConsumerConfig> = {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from.after + 1,
    replay_policy: ReplayPolicy.Instant,
    inactive_threshold: nanos(forgottenAfterMs),
    mem_storage: true,
    num_replicas: 1,
    ...(filters.length === 0 || filters.length === families.length ? {} : filterBy(filters)),
  };
  return untilAnswered(reading.link, () => addConsumer(reading, config), reading.signal);
}

function filterBy(filters: readonly string[]): Partial<ConsumerConfig> {
  const [only] = filters;
  return filters.length === 1 && only !== undefined
    ? { filter_subject: only }
    : { filter_subjects: [...filters] };
}

/**
 * Under another name each time: of a NATS cluster, one server is chosen to keep the consumer, and a name
 * that was given to one that has just died stays there. What a lost answer leaves behind is forgotten.
 */
async function addConsumer(
  { manager, stream }: Reading,
  config: Partial<ConsumerConfig>,
): Promise<string> {
  const name = nuid.next();
  await manager.consumers.add(stream, { ...config, name });
  return name;
}
