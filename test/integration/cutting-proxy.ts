import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import type { Socket } from 'node:net';
import { freePort } from '#test/support/free-port.ts';

/** A way to a server that can break at the worst moment. */
export type CuttingProxy = AsyncDisposable & {
  readonly port: number;
  /** Breaks the connection on which the server next acknowledges, instead of telling. */
  cutAtNextAnswer(): void;
  /** Breaks all connections now. */
  cut(): void;
  /** Breaks all connections, and lets none through from now on. */
  block(): void;
  unblock(): void;
};

/** What a JetStream acknowledgement holds. */
const answer = '"seq":';

export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let armed = false;
  let blocked = false;
  const server = createServer((near) => {
    if (blocked) {
      near.destroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => {
      if (armed && data.includes(answer)) {
        armed = false;
        near.destroy();
        return;
      }
      near.write(data);
    });
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    cutAtNextAnswer: () => {
      armed = true;
    },
    cut,
    block: () => {
      blocked = true;
      cut();
    },
    unblock: () => {
      blocked = false;
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
