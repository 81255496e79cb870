import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import type { Answer, Failure } from './cluster.ts';
import { loadCredentials } from './credentials.ts';
import type { Credentials, CredentialSource } from './credentials.ts';
import { isCredentialTrouble, unclear } from './failure.ts';
import { exchange } from './exchange.ts';
import { answerOf, readText, refusalOf } from './http-answer.ts';
import { promptWrites } from './prompt-writes.ts';

export type ConnectionSettings = CredentialSource & {
  readonly userAgent: string;
  /** Whole time of a call, the wait for a free connection included. */
  readonly timeoutMs: number;
  /** The same for one page of a list, which may be many megabytes. */
  readonly listTimeoutMs: number;
  /** A watch without a byte for this long is taken for dead. */
  readonly idleMs: number;
  /** Told of each answer, and of each that did not come. */
  readonly onCall?: (told: ToldCall) => void;
  /** A larger answer is refused unread, as a string of V8 could not hold it. */
  readonly mostBytes: number;
};

/** One HTTP exchange with the API server. */
export type ToldCall = {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';
  /** HTTP status; 0 when no answer came. */
  readonly code: number;
  /** Until the whole answer was there; of a watch, until it began. */
  readonly tookMs: number;
};

export type Call = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly doing: string;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly list?: true;
};

export type StreamCall = {
  readonly path: string;
  readonly doing: string;
  readonly signal: AbortSignal;
};

/** The API server over pooled connections, with credentials that renew themselves. Throws nothing. */
export interface Connection extends AsyncDisposable {
  /** The parsed JSON of a success. */
  call(call: Call): Promise<Answer<unknown>>;
  /** The body of a watch. It ends in an error when the connection does. */
  stream(call: StreamCall): Promise<Answer<AsyncIterable<Uint8Array>>>;
}

export async function openConnection(settings: ConnectionSettings): Promise<Connection> {
  return new PooledConnection(settings, await loadCredentials(settings));
}

/** A credential that was just read again and is still refused is not read again at once. */
const renewalPauseMs = 5_000;

const mostRefusalBytes = 1_000_000;

const verbs = { GET: 'get', POST: 'create', PATCH: 'patch', DELETE: 'delete' } as const;

class PooledConnection implements Connection {
  readonly #settings: ConnectionSettings;
  #line: Line;
  #renewal: Promise<void> | undefined;
  #renewedAt = -Infinity;

  constructor(settings: ConnectionSettings, credentials: Credentials) {
    this.#settings = settings;
    this.#line = openLine(settings, credentials);
  }

  async call(call: Call): Promise<Answer<unknown>> {
    const answer = await this.#send(call);
    if (answer.ok || !(await this.#renewedFor(answer.failure))) return answer;
    return await this.#send(call);
  }

  async stream(call: StreamCall): Promise<Answer<AsyncIterable<Uint8Array>>> {
    const answer = await this.#open(call);
    if (answer.ok || !(await this.#renewedFor(answer.failure))) return answer;
    return await this.#open(call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#line.calls.destroy(), this.#line.watches.destroy()]);
  }

  async #send(call: Call): Promise<Answer<unknown>> {
    const { timeoutMs, listTimeoutMs, mostBytes } = this.#settings;
    const { doing } = call;
    const tell = this.#teller(call.list === true ? 'list' : verbs[call.method]);
    try {
      const { calls, origin, prefix } = this.#line;
      const request = {
        origin,
        path: prefix + call.path,
        method: call.method,
        headers: this.#headers(call.contentType),
        body: call.body === undefined ? null : JSON.stringify(call.body),
      };
      const withinMs = call.list === true ? listTimeoutMs : timeoutMs;
      const answer = await exchange(calls, request, { withinMs, mostBytes });
      tell(answer.status);
      return answerOf({ ...answer, doing });
    } catch (error) {
      tell(0);
      return { ok: false, failure: unclear(doing, error) };
    }
  }

  async #open(call: StreamCall): Promise<Answer<AsyncIterable<Uint8Array>>> {
    const { doing } = call;
    const tell = this.#teller('watch');
    try {
      const { watches, origin, prefix } = this.#line;
      const { statusCode, headers, body } = await request(origin + prefix + call.path, {
        dispatcher: watches,
        headers: this.#headers(undefined),
        signal: call.signal,
      });
      tell(statusCode);
      if (statusCode === 200) return { ok: true, value: body };
      const text = await readText(body, mostRefusalBytes);
      return { ok: false, failure: refusalOf({ status: statusCode, headers, text, doing }) };
    } catch (error) {
      if (!call.signal.aborted) tell(0);
      return { ok: false, failure: unclear(doing, error) };
    }
  }

  #teller(verb: ToldCall['verb']): (code: number) => void {
    const { onCall } = this.#settings;
    if (onCall === undefined) return () => undefined;
    const startedMs = performance.now();
    return (code) => onCall({ verb, code, tookMs: performance.now() - startedMs });
  }

  #headers(contentType: string | undefined): Record<string, string> {
    return {
      accept: 'application/json',
      'user-agent': this.#settings.userAgent,
      ...this.#line.headers,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    };
  }

  /** True when the failure may be due to outdated credentials, and others have been read since. */
  async #renewedFor(failure: Failure): Promise<boolean> {
    if (!isCredentialTrouble(failure)) return false;
    if (this.#renewal === undefined) {
      if (performance.now() - this.#renewedAt < renewalPauseMs) return false;
      this.#renewal = this.#renew().finally(() => (this.#renewal = undefined));
    }
    await this.#renewal;
    return failure.kind === 'unauthorized';
  }

  async #renew(): Promise<void> {
    this.#renewedAt = performance.now();
    try {
      const old = this.#line;
      this.#line = openLine(this.#settings, await loadCredentials(this.#settings));
      // Calls and watches under way finish on the old connections.
      void old.calls.close();
      void old.watches.close();
    } catch {
      // A file in the middle of being replaced: the old credentials stay, and their failure is told.
    }
  }
}

type Line = {
  readonly origin: string;
  /** Path before every other; '' but for API servers behind a proxy. */
  readonly prefix: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly calls: Dispatcher;
  readonly watches: Dispatcher;
};

function openLine(settings: ConnectionSettings, credentials: Credentials): Line {
  const { server, tls, headers } = credentials;
  const { origin, pathname } = new URL(server);
  const shared = {
    // One socket for each call under way: an HTTP/2 session would share the fate of one connection.
    allowH2: false,
    keepAliveTimeout: 30_000,
    connect: { timeout: settings.timeoutMs, ...tls },
  };
  return {
    origin,
    prefix: pathname.replace(/\/$/, ''),
    headers,
    calls: new Agent({
      ...shared,
      connections: 32,
      headersTimeout: 0,
      bodyTimeout: 0,
    }).compose((dispatch) => promptWrites(dispatch)),
    watches: new Agent({
      ...shared,
      headersTimeout: settings.idleMs,
      bodyTimeout: settings.idleMs,
    }),
  };
}
