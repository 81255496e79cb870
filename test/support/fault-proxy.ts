import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/** What is asked of the API server, as far as a rule may want to look at it. */
export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly watch: boolean;
};

/** What the proxy does with one request. */
export type Fault =
  | { readonly type: 'pass' }
  /** Neither forwarded nor answered, as if the packets were lost. */
  | { readonly type: 'swallow' }
  /** Forwarded and done, but the connection breaks before a byte of the answer. */
  | {
      readonly type: 'lose-answer';
      /** Called when the server is done, before the connection breaks. */
      readonly when?: () => void;
    }
  /** Not forwarded: 429 with Retry-After. */
  | { readonly type: 'throttle'; readonly retryAfterSeconds: number }
  | { readonly type: 'delay'; readonly ms: number }
  /** Forwarded, and the connection breaks after so many bytes of the answer. */
  | { readonly type: 'reset-after'; readonly bytes: number };

export type Rule = (asked: Asked) => Fault;

/** A way to the sandbox's API server that misbehaves on demand. It speaks with the sandbox's own name. */
export type FaultProxy = AsyncDisposable & {
  readonly url: string;
  /** From now on; requests under way keep what they were given. */
  use(rule: Rule): void;
  /** Nothing of HTTP moves in either direction any more, and no connection is told. */
  holdAll(): void;
  /** Every connection breaks, held or not, and traffic flows again. */
  resetAll(): void;
  /** How often each fault has struck. */
  readonly struck: ReadonlyMap<Fault['type'], number>;
  /** How many watches were asked for. */
  readonly watches: number;
};

export type FaultProxyTarget = {
  /** The sandbox's data folder, whose certificate the proxy shows. */
  readonly folder: string;
  readonly port: number;
};

export async function startFaultProxy(target: FaultProxyTarget): Promise<FaultProxy> {
  const proxy = new Proxying(target);
  await proxy.listen(await freePort());
  return proxy;
}

class Proxying implements FaultProxy {
  readonly struck = new Map<Fault['type'], number>();
  watches = 0;
  readonly #target: FaultProxyTarget & { readonly ca: string };
  readonly #server: ReturnType<typeof createServer>;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #near = new Set<Socket>();
  #rule: Rule = () => ({ type: 'pass' });
  #held = false;
  #port = 0;

  constructor(target: FaultProxyTarget) {
    const pem = (name: string): string => readFileSync(join(target.folder, 'tls', name), 'utf8');
    this.#target = { ...target, ca: pem('ca.crt') };
    this.#server = createServer(
      { cert: pem('server.crt'), key: pem('server.key') },
      (asked, answer) => this.#handle(asked, answer),
    );
    this.#server.requestTimeout = 0;
    this.#server.on('secureConnection', (socket: Socket) => {
      this.#near.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#near.delete(socket));
    });
    this.#server.on('tlsClientError', () => undefined);
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  async listen(port: number): Promise<void> {
    this.#port = port;
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  use(rule: Rule): void {
    this.#rule = rule;
  }

  holdAll(): void {
    this.#held = true;
  }

  resetAll(): void {
    this.#held = false;
    for (const socket of this.#near) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resetAll();
    this.#agent.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #handle(asked: IncomingMessage, answer: ServerResponse): void {
    answer.on('error', () => undefined);
    asked.on('error', () => undefined);
    // A request whose packets are lost on the way is not done later, when its sender has given up.
    const what = askedOf(asked);
    const fault: Fault = this.#held ? { type: 'swallow' } : this.#rule(what);
    if (what.watch) this.watches += 1;
    this.struck.set(fault.type, (this.struck.get(fault.type) ?? 0) + 1);
    switch (fault.type) {
      case 'swallow':
        return;
      case 'throttle':
        this.#throttle(answer, fault.retryAfterSeconds);
        return;
      case 'delay':
        setTimeout(() => {
          if (!answer.destroyed) this.#forward(asked, answer, fault);
        }, fault.ms);
        return;
      case 'pass':
      case 'lose-answer':
      case 'reset-after':
        this.#forward(asked, answer, fault);
    }
  }

  #throttle(answer: ServerResponse, seconds: number): void {
    answer.writeHead(429, { 'content-type': 'application/json', 'retry-after': String(seconds) });
    answer.end(JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'TooManyRequests' }));
  }

  #forward(asked: IncomingMessage, answer: ServerResponse, fault: Fault): void {
    const { ca, port } = this.#target;
    const { method, url: path, headers } = asked;
    const where = { host: '127.0.0.1', port, ca, agent: this.#agent };
    const far = request({ ...where, method, path, headers }, (reply) =>
      this.#bringBack(reply, answer, fault),
    );
    far.on('error', () => answer.destroy());
    answer.on('close', () => far.destroy());
    asked.pipe(far);
  }

  #bringBack(reply: IncomingMessage, answer: ServerResponse, fault: Fault): void {
    reply.on('error', () => answer.destroy());
    if (fault.type === 'lose-answer') {
      // Only when all of it has come is it certain that the server is done.
      reply.resume().on('end', () => {
        fault.when?.();
        reset(answer);
      });
      return;
    }
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    answer.flushHeaders();
    let left = fault.type === 'reset-after' ? fault.bytes : Infinity;
    reply.on('data', (bytes: Buffer) => {
      // What comes while everything is held is lost with the connection, at the latest.
      if (this.#held) return;
      answer.write(bytes.subarray(0, Math.min(left, bytes.length)));
      left -= bytes.length;
      if (left <= 0) setImmediate(() => reset(answer));
    });
    reply.on('end', () => {
      if (!this.#held) answer.end();
    });
  }
}

function reset(answer: ServerResponse): void {
  (answer.socket ?? answer).destroy();
}

function askedOf({ method = 'GET', url = '/' }: IncomingMessage): Asked {
  const { pathname, searchParams } = new URL(url, 'https://sandbox');
  const watch = ['1', 'true'].includes(searchParams.get('watch') ?? '');
  return { method, path: pathname, watch };
}
