import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { freePort } from '../support/free-port.ts';

/** A message on its way to a server, recognised by its bytes, and one of the two moments around it. */
export type WirePoint = {
  readonly asked: RegExp;
  /** What of the server's bytes says that the message, as `asked` has matched it, is done. */
  readonly answered: (asked: RegExpExecArray) => string;
  /** `before` the server has heard of it, or `after` it is done and before its sender hears so. */
  readonly moment: 'before' | 'after';
  readonly strike: () => void;
};

/** A way to a server of NATS or Postgres on which one moment after another can be waited for. */
export class WireProxy implements AsyncDisposable {
  /** The server's address by this way. */
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #points = new Set<WirePoint>();

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
  }

  static async start(target: string): Promise<WireProxy> {
    const [near, far] = [new URL(target), new URL(target)];
    near.port = String(await freePort());
    const server = createServer();
    const proxy = new WireProxy(near.href, server);
    server.on('connection', (socket: Socket) => proxy.#link(socket, Number(far.port)));
    server.listen(Number(near.port), '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** Strikes once, on the first message that fits. */
  arm(point: WirePoint): void {
    this.#points.add(point);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #link(near: Socket, port: number): void {
    const far = connect({ host: '127.0.0.1', port, noDelay: true });
    near.setNoDelay(true);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    let done: { readonly sign: string; readonly strike: () => void } | undefined;
    let heard = '';
    near.on('data', (bytes: Buffer) => {
      const hit = done === undefined ? this.#hit(bytes) : undefined;
      if (hit?.point.moment === 'before') {
        hit.point.strike();
        near.destroy();
        return;
      }
      if (hit !== undefined) {
        done = { sign: hit.point.answered(hit.match), strike: hit.point.strike };
      }
      far.write(bytes);
    });
    far.on('data', (bytes: Buffer) => {
      if (done === undefined) {
        near.write(bytes);
        return;
      }
      // From here on the sender hears nothing any more.
      heard += bytes.toString('latin1');
      if (!heard.includes(done.sign)) return;
      done.strike();
      near.destroy();
    });
  }

  #hit(bytes: Buffer) {
    if (this.#points.size === 0) return undefined;
    const text = bytes.toString('latin1');
    for (const point of this.#points) {
      const match = point.asked.exec(text);
      if (match === null) continue;
      this.#points.delete(point);
      return { point, match };
    }
    return undefined;
  }
}
