import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'nats';
import type { JetStreamClient, NatsConnection } from 'nats';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import type { StreamSettings } from '#shared/stream/settings.ts';

type Broker = Pick<StreamSettings, 'url' | 'monitorUrl'>;

const stream = 'ACKED';
/** Publishes at once, so that the power always goes in the middle of some. */
const lanes = 8;

/**
 * Writes to a stream of its own on the services' broker, without end, and remembers to what the broker
 * has said yes. Needed because services say yes to nobody: what they lost they would do again.
 */
export class AckedWriter implements AsyncDisposable {
  readonly #connection: NatsConnection;
  readonly #client: JetStreamClient;
  readonly #acked = new Map<number, string>();
  readonly #writing: Promise<unknown>;
  #number = 0;
  #stopped = false;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#client = connection.jetstream();
    this.#writing = Promise.all(Array.from({ length: lanes }, () => this.#write()));
  }

  static async start({ url }: Broker): Promise<AckedWriter> {
    const { host, username, password } = new URL(url);
    const connection = await connect({
      servers: host,
      user: username,
      pass: password,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    const manager = await connection.jetstreamManager();
    await manager.streams.delete(stream).catch(() => false);
    await manager.streams.add({ name: stream, subjects: ['acked'] });
    return new AckedWriter(connection);
  }

  get acked(): number {
    return this.#acked.size;
  }

  /** Stops, and answers which acknowledged messages are not in their places any more. */
  async lost(): Promise<readonly number[]> {
    this.#stopped = true;
    await this.#writing;
    const manager = await this.#connection.jetstreamManager();
    const lost: number[] = [];
    for (const [sequence, body] of this.#acked) {
      const found = await manager.streams
        .getMessage(stream, { seq: sequence })
        .catch(() => undefined);
      if (found?.string() !== body) lost.push(sequence);
    }
    return lost;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#connection.close();
  }

  /** A message whose answer is lost is nobody's; the next is another one. */
  async #write(): Promise<void> {
    while (!this.#stopped) {
      const body = `record ${(this.#number += 1)}`;
      try {
        const { seq } = await this.#client.publish('acked', body, { timeout: 1_000 });
        this.#acked.set(seq, body);
      } catch {
        // The power is out, or was when it was sent.
        await delay(20);
      }
    }
  }
}

/** Effects whose outcome stands in the log of the services. */
export async function effectsIn(broker: Broker): Promise<ReadonlySet<string>> {
  const settings = { ...broker, cluster: 'default', allowLazySync: true };
  await using log = await openNatsLog(settings, silentLogger());
  const { last } = await log.bounds();
  const effects = new Set<string>();
  const reading = new AbortController();
  for await (const message of log.read({ after: 0 }, reading.signal)) {
    for (const record of message.records) if (record.type === 'settled') effects.add(record.effect);
    if (message.sequence >= last) break;
  }
  reading.abort();
  return effects;
}
