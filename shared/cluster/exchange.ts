import type { Dispatcher } from 'undici';

export type Exchanged = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Undefined when it was longer than `mostBytes`. */
  readonly text: string | undefined;
};

export type Bounds = {
  /** Whole time, the wait for a free connection included. */
  readonly withinMs: number;
  readonly mostBytes: number;
};

/**
 * Sends one request and reads its whole answer, without the stream and the signal that undici's own
 * `request` makes for each. Rejects where no whole answer came in time; what still waits for a connection
 * then is never sent.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  bounds: Bounds,
): Promise<Exchanged> {
  const { promise, resolve, reject } = Promise.withResolvers<Exchanged>();
  const reader = new AnswerReader(bounds, { resolve, reject });
  try {
    dispatcher.dispatch(request, reader);
  } catch (error) {
    reader.fail(error);
  }
  return promise;
}

class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

type Outcome = {
  readonly resolve: (exchanged: Exchanged) => void;
  readonly reject: (error: unknown) => void;
};

class AnswerReader implements Dispatcher.DispatchHandler {
  readonly #mostBytes: number;
  readonly #outcome: Outcome;
  readonly #timer: NodeJS.Timeout;
  readonly #parts: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #late: TimeoutError | undefined;
  #status = 0;
  #headers: Exchanged['headers'] = {};
  #bytes = 0;

  constructor({ withinMs, mostBytes }: Bounds, outcome: Outcome) {
    this.#mostBytes = mostBytes;
    this.#outcome = outcome;
    this.#timer = setTimeout(() => this.#giveUp(), withinMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#late !== undefined) controller.abort(this.#late);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Exchanged['headers'],
  ): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#parts.push(chunk);
    if (this.#bytes <= this.#mostBytes) return;
    this.#end(undefined);
    controller.abort(new RangeError('the answer is too long'));
  }

  onResponseEnd(): void {
    this.#end(Buffer.concat(this.#parts, this.#bytes).toString('utf8'));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  fail(error: unknown): void {
    clearTimeout(this.#timer);
    this.#outcome.reject(error);
  }

  #end(text: string | undefined): void {
    clearTimeout(this.#timer);
    this.#outcome.resolve({ status: this.#status, headers: this.#headers, text });
  }

  #giveUp(): void {
    this.#late = new TimeoutError('no whole answer came in time');
    this.#outcome.reject(this.#late);
    this.#controller?.abort(this.#late);
  }
}
