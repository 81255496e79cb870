import { connect } from 'nats';
import type { NatsConnection, Status } from 'nats';
import { backoffMs } from '#shared/process/backoff.ts';
import { systemClock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import type { StreamSettings } from './settings.ts';

const reconnect = { firstMs: 100, mostMs: 2_000 };

/** Proves, after the connection came back, that the other side is still the one we knew. */
export type Verify = () => Promise<void>;

/**
 * The connection to the broker, with the questions that its users have: may I send now (`up`), has it
 * just gone or come back (`onDown`, `onUp`), is it over for good (`lost`). It reconnects for ever.
 */
export class Link implements AsyncDisposable {
  readonly connection: NatsConnection;
  /** Prefix of the subjects that this user may listen on. */
  readonly inbox: string;
  readonly log: Logger;
  readonly #lost = Promise.withResolvers<never>();
  readonly #downs = new Set<() => void>();
  readonly #ups = new Set<() => void>();
  #up = Promise.withResolvers<void>();
  #isUp = true;
  #turn = 0;
  #failure: unknown;
  #verify: Verify = () => Promise.resolve();

  constructor(connection: NatsConnection, inbox: string, log: Logger) {
    this.connection = connection;
    this.inbox = inbox;
    this.log = log;
    this.#lost.promise.catch(() => undefined);
    this.#up.resolve();
    void this.#follow();
    void connection.closed().then((error) => {
      this.fail(new Error('the connection to NATS is closed', { cause: error ?? undefined }));
    });
  }

  /** Rejects when the connection is of no use any more. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  /** Resolves while connected and verified; rejects once the link is lost, or the signal aborts. */
  up(signal?: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) return this.#lost.promise;
    if (this.#isUp || signal === undefined) return this.#up.promise;
    return unlessAborted(this.#up.promise, signal);
  }

  get isUp(): boolean {
    return this.#isUp && this.#failure === undefined;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  verifyWith(verify: Verify): void {
    this.#verify = verify;
  }

  onDown(listener: () => void): Disposable {
    this.#downs.add(listener);
    return { [Symbol.dispose]: () => this.#downs.delete(listener) };
  }

  onUp(listener: () => void): Disposable {
    this.#ups.add(listener);
    return { [Symbol.dispose]: () => this.#ups.delete(listener) };
  }

  /** Ends the link for good. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#lost.reject(error);
    this.#up.promise.catch(() => undefined);
    this.#up.reject(error);
    for (const listener of this.#downs) listener();
    void this.connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.fail(new Error('the log was closed'));
    await this.connection.closed();
  }

  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) this.#take(status);
  }

  #take(status: Status): void {
    switch (String(status.type)) {
      case 'disconnect':
        this.#goDown();
        return;
      case 'reconnect':
        void this.#comeBack();
        return;
      case 'error':
        this.#takeError(status);
        return;
      default:
    }
  }

  #goDown(): void {
    if (this.#failure !== undefined) return;
    this.log.warn('lost the connection to NATS');
    this.#turn += 1;
    if (this.#isUp) this.#up = Promise.withResolvers<void>();
    this.#isUp = false;
    for (const listener of this.#downs) listener();
  }

  async #comeBack(): Promise<void> {
    const turn = ++this.#turn;
    for (let attempt = 1; turn === this.#turn && this.#failure === undefined; attempt += 1) {
      try {
        await this.#verify();
        if (turn !== this.#turn || this.#failure !== undefined) return;
        this.log.info('connected to NATS again');
        this.#isUp = true;
        this.#up.resolve();
        for (const listener of this.#ups) listener();
        return;
      } catch (error) {
        if (this.#failure !== undefined) return;
        this.log.warn({ err: error }, 'could not verify the log yet');
        await systemClock.sleep(backoffMs(reconnect, attempt, Math.random()));
      }
    }
  }

  /** A right that is missing will not come by waiting. */
  #takeError(status: Status): void {
    const { permissionContext: context } = status;
    if (context === undefined) {
      this.log.warn({ problem: status.data }, 'NATS reported an error');
      return;
    }
    this.fail(
      new RefusalError(`NATS forbids this user to ${context.operation} ${context.subject}`),
    );
  }
}

/** Connects, or says in one sentence why not. */
export async function openLink(settings: StreamSettings, log: Logger): Promise<Link> {
  const url = new URL(settings.url);
  const user = decodeURIComponent(url.username);
  // A user may then be allowed to hear the answers to its own requests and no one else's.
  const inbox = user === '' ? '_INBOX' : `_INBOX.${user}`;
  try {
    const connection = await connect({
      servers: url.host,
      ...(user === '' ? {} : { user, pass: decodeURIComponent(url.password) }),
      ...(url.protocol === 'tls:' ? { tls: {} } : {}),
      name: user === '' ? 'rollcall' : user,
      inboxPrefix: inbox,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => backoffMs(reconnect, 3, Math.random()),
      pingInterval: 10_000,
      maxPingOut: 2,
      timeout: 5_000,
      noAsyncTraces: true,
      ignoreClusterUpdates: true,
    });
    return new Link(connection, inbox, log);
  } catch (error) {
    throw new RefusalError(`NATS at ${url.host} cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** The promise's answer, or the signal's reason when that comes first. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
