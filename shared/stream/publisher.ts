import { headers as createHeaders } from 'nats';
import type { Msg, MsgHdrs } from 'nats';
import type { Trace } from '#shared/process/tracing.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { Link } from './link.ts';

/** How the broker answered a publish. */
export type Answer =
  | { readonly kind: 'stored'; readonly sequence: number }
  | { readonly kind: 'refused'; readonly code: number; readonly problem: string }
  /** Nothing came back in time, or nobody was there: the message may be stored all the same. */
  | { readonly kind: 'unclear'; readonly problem: string };

export type Outgoing = {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Store only if this is the sequence of the subject's last message. */
  readonly expected?: number;
  /** The span in which it is sent. */
  readonly trace?: Trace | undefined;
};

type InFlight = { readonly answer: (answer: Answer) => void; readonly deadline: number };

const answerWithinMs = 5_000;
const sweepEachMs = 250;

/** The W3C's name for it. */
export const traceHeader = 'traceparent';

/** Error codes of JetStream that we act on. */
export const wrongLastSequence = 10071;

/**
 * Publishes to JetStream without waiting in line: all answers come to one subscription and are told
 * apart by a number in the subject. One message, one answer, never an exception.
 */
export class Publisher implements Disposable {
  readonly #link: Link;
  readonly #inbox: string;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #stops: (() => void)[] = [];
  #number = 0;

  constructor(link: Link, inbox: string) {
    this.#link = link;
    this.#inbox = inbox;
    const subscription = link.connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#take(message);
      },
    });
    const down = link.onDown(() => this.#giveUpOn(() => true, 'the connection was lost'));
    const timer = setInterval(() => this.#sweep(), sweepEachMs);
    timer.unref();
    this.#stops.push(
      () => down[Symbol.dispose](),
      () => clearInterval(timer),
      () => {
        if (!link.connection.isClosed()) subscription.unsubscribe();
      },
    );
  }

  publish(message: Outgoing): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const token = (this.#number++).toString(36);
    this.#inFlight.set(token, { answer: resolve, deadline: performance.now() + answerWithinMs });
    try {
      this.#link.connection.publish(message.subject, message.payload, {
        reply: `${this.#inbox}.${token}`,
        ...headersOf(message),
      });
    } catch (error) {
      this.#inFlight.delete(token);
      resolve({ kind: 'unclear', problem: error instanceof Error ? error.message : 'not sent' });
    }
    return promise;
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#giveUpOn(() => true, 'closed');
  }

  #take(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const waiting = this.#inFlight.get(token);
    if (waiting === undefined) return;
    this.#inFlight.delete(token);
    waiting.answer(readAnswer(message));
  }

  #sweep(): void {
    const now = performance.now();
    this.#giveUpOn((one) => one.deadline <= now, 'no answer in time');
  }

  #giveUpOn(isOver: (one: InFlight) => boolean, problem: string): void {
    for (const [token, one] of this.#inFlight) {
      // In the order of publishing, so of deadlines: the first that may still wait ends it.
      if (!isOver(one)) return;
      this.#inFlight.delete(token);
      one.answer({ kind: 'unclear', problem });
    }
  }
}

/** Beside the payload stands only what the broker, or a trace, has to know: no reader decides by it. */
function headersOf({ expected, trace }: Outgoing): { headers?: MsgHdrs } {
  if (expected === undefined && trace === undefined) return {};
  const headers = createHeaders();
  if (expected !== undefined) {
    headers.set('Nats-Expected-Last-Subject-Sequence', String(expected));
  }
  if (trace !== undefined) headers.set(traceHeader, trace);
  return { headers };
}

function readAnswer(message: Msg): Answer {
  if (message.data.length === 0) {
    return { kind: 'unclear', problem: 'no stream takes this subject' };
  }
  try {
    const body: unknown = message.json();
    if (!isRecord(body)) return { kind: 'unclear', problem: 'an answer that is no object' };
    const { seq, error } = body;
    if (isRecord(error)) {
      return {
        kind: 'refused',
        code: Number(error['err_code'] ?? error['code']),
        problem: String(error['description']),
      };
    }
    if (typeof seq === 'number') return { kind: 'stored', sequence: seq };
    return { kind: 'unclear', problem: 'an answer without a sequence' };
  } catch {
    return { kind: 'unclear', problem: 'an answer that is not JSON' };
  }
}
