import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import type { Stream } from '#shared/stream/stream.ts';

/** What the load has led to, as one who only reads the log sees it. */
export class LogMeter implements AsyncDisposable {
  facts = 0;
  decisions = 0;
  outcomes = 0;
  /** Sequence of the newest message read. */
  sequence = 0;
  readonly #stream: Stream;
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;
  readonly #waiting = new Map<string, () => void>();

  private constructor(stream: Stream) {
    this.#stream = stream;
    this.#reading = this.#read();
    this.#reading.catch(() => undefined);
  }

  static async open(broker: {
    readonly natsUrl: string;
    readonly natsMonitorUrl: string;
  }): Promise<LogMeter> {
    const { natsUrl: url, natsMonitorUrl: monitorUrl } = broker;
    const settings = { cluster: 'default', url, monitorUrl, allowLazySync: false };
    return new LogMeter(await openNatsLog(settings, silentLogger()));
  }

  /** Resolves when a fact of this object, at this version or a later one, has been read. */
  sees(name: string): Promise<void> {
    return new Promise((resolve) => void this.#waiting.set(name, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#reading.catch(() => undefined);
    await this.#stream[Symbol.asyncDispose]();
  }

  async #read(): Promise<void> {
    const { last } = await this.#stream.bounds();
    for await (const message of this.#stream.read({ after: last }, this.#stop.signal)) {
      this.sequence = message.sequence;
      if (message.family === 'fact') this.facts += message.records.length;
      else if (message.family === 'decision') this.decisions += 1;
      else if (message.family === 'outcome') this.outcomes += message.records.length;
      if (this.#waiting.size === 0) continue;
      for (const record of message.records) {
        if (record.type === 'observed') this.#waiting.get(record.object.meta.name)?.();
      }
    }
  }
}
