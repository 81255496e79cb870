import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Gauge } from '#shared/process/metrics.ts';
import type { Logger } from '#shared/process/logger.ts';

/** Open streams: each ends with its reader, and all of them before the server does. */
export class Streams {
  readonly #gauge: Gauge;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #open = new Set<Promise<void>>();

  constructor(gauge: Gauge, log: Logger) {
    this.#gauge = gauge;
    this.#log = log;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Runs a stream until it ends by itself, its reader leaves or the server closes; never fails. */
  async run(response: ServerResponse, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const left = new AbortController();
    once(response, 'close').then(
      () => left.abort(),
      () => left.abort(),
    );
    const signal = AbortSignal.any([left.signal, this.#closing.signal]);
    const running = work(signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.#log.warn({ err: error }, 'a stream of changes broke off');
      })
      .finally(() => left.abort());
    this.#open.add(running);
    this.#gauge.set(this.#open.size);
    await running;
    this.#open.delete(running);
    this.#gauge.set(this.#open.size);
    response.end();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#open);
  }
}
