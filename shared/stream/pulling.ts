import { createInbox } from 'nats';
import type { Msg, Subscription } from 'nats';
import { readDelivery } from './delivery.ts';
import type { Delivery } from './delivery.ts';
import type { Link } from './link.ts';

export type PullingFrom = {
  readonly link: Link;
  readonly stream: string;
  readonly inbox: string;
  readonly signal: AbortSignal;
};

/** Most messages that may be asked for and not yet taken. */
const window = 512;
/**
 * Most bytes of one pull, and the bytes that may wait to be taken before no more are asked for: of the
 * largest messages some 50 MB may wait. A broker drops a client for which 64 MB wait on its side.
 */
const pullBytes = 16 * 1024 * 1024;
const pullForMs = 30_000;
const heartbeatMs = 2_000;
const checkEachMs = 1_000;
const heartbeat = 100;
/** Status codes that end a pull: no messages, time is over. */
const pullEnds = [404, 408];
/** Means a fault, unless the pull has brought all that it was to bring. */
const conflict = 409;
const fulfilled = ['Message Size Exceeds MaxBytes', 'Batch Completed'];
/** So many checks without a word, heartbeats included, and the consumer counts as lost. */
const silentChecks = 6;

/**
 * Takes messages from one consumer, asking for more as they are taken, so that a slow reader slows the
 * broker. It ends, and says in `ended` why, at the first sign that the sequence may not be whole.
 */
export class Pulling implements Disposable {
  readonly #from: PullingFrom;
  readonly #consumer: string;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #stops: (() => void)[] = [];
  #deliveries: Delivery[] = [];
  #taken = 0;
  #asked = 0;
  #bytes = 0;
  #place = 0;
  #silent = 0;
  #pulls = 0;
  #ended: string | undefined;
  #wake: (() => void) | undefined;

  constructor(from: PullingFrom, consumer: string) {
    this.#from = from;
    this.#consumer = consumer;
    this.#inbox = createInbox(from.inbox);
    const { connection } = from.link;
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#take(message);
        else this.#end(error.message);
      },
    });
    const timer = setInterval(() => this.#check(), checkEachMs);
    const down = from.link.onDown(() => this.#end('the connection was lost'));
    const up = from.link.onUp(() => this.#end('the connection came back'));
    const abort = (): void => this.#end('stopped');
    from.signal.addEventListener('abort', abort);
    this.#stops.push(
      () => clearInterval(timer),
      () => down[Symbol.dispose](),
      () => up[Symbol.dispose](),
      () => from.signal.removeEventListener('abort', abort),
      () => {
        if (!connection.isClosed()) this.#subscription.unsubscribe();
      },
    );
    this.#pull();
  }

  /** Why it ended, once it has. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** The next message in order; undefined when this consumer will give no more. */
  async next(): Promise<Delivery | undefined> {
    for (;;) {
      if (this.#from.signal.aborted) return undefined;
      const delivery = this.#deliveries[this.#taken];
      if (delivery !== undefined) {
        this.#taken += 1;
        this.#bytes -= delivery.message.data.length;
        this.#pull();
        return delivery;
      }
      if (this.#ended !== undefined) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  [Symbol.dispose](): void {
    this.#end('closed');
    for (const stop of this.#stops.splice(0)) stop();
  }

  #take(message: Msg): void {
    if (this.#ended !== undefined) return;
    this.#silent = 0;
    if (message.headers !== undefined && message.headers.code !== 0) {
      this.#takeStatus(message);
      return;
    }
    const delivery = readDelivery(message);
    this.#asked -= 1;
    if (delivery === undefined || delivery.place !== this.#place + 1) {
      this.#end('a message is missing');
      return;
    }
    this.#place = delivery.place;
    this.#deliveries.push(delivery);
    this.#bytes += message.data.length;
    this.#wake?.();
  }

  #takeStatus({ headers }: Msg): void {
    const { code = 0, description = '' } = headers ?? {};
    if (code === heartbeat) return;
    const hasEnded =
      pullEnds.includes(code) || (code === conflict && fulfilled.includes(description));
    if (!hasEnded) {
      this.#end(`the broker says ${code} ${description}`);
      return;
    }
    // What the pull did not bring is not owed any more.
    this.#asked -= Number(headers?.get('Nats-Pending-Messages') || 0);
    this.#pull();
  }

  #pull(): void {
    if (this.#taken > 0 && (this.#taken === this.#deliveries.length || this.#taken >= window)) {
      this.#deliveries = this.#deliveries.slice(this.#taken);
      this.#taken = 0;
    }
    const held = this.#asked + this.#deliveries.length - this.#taken;
    if (this.#ended !== undefined || held > window / 2 || this.#bytes > pullBytes) return;
    const batch = window - held;
    this.#asked += batch;
    const { connection } = this.#from.link;
    connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${this.#from.stream}.${this.#consumer}`,
      JSON.stringify({
        batch,
        max_bytes: pullBytes,
        expires: pullForMs * 1e6,
        idle_heartbeat: heartbeatMs * 1e6,
      }),
      { reply: `${this.#inbox}.${(this.#pulls += 1)}` },
    );
  }

  /** Counts checks, not time: a process that was stopped or busy must first hear what is waiting. */
  #check(): void {
    this.#silent = this.#asked > 0 ? this.#silent + 1 : 0;
    if (this.#silent >= silentChecks) this.#end('the consumer fell silent');
  }

  #end(because: string): void {
    this.#ended ??= because;
    this.#wake?.();
  }
}
