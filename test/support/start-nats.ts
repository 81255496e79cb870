import { join } from 'node:path';
import {
  natsCommand,
  natsIsReady,
  natsUrl,
  natsUsers,
} from '../../services/sandbox/launch/nats-server.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { freePort } from './free-port.ts';
import { startServer } from './server-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type RunningNats = {
  /** As a user who may do everything. */
  readonly url: string;
  /** As one of the users of deploy/nats. */
  urlFor(user: string): string;
  readonly monitorUrl: string;
  readonly pid: number;
  readonly dir: string;
  stop(): Promise<void>;
};

/** A private nats-server with the users of deploy/nats, in a folder of its own, which goes when it stops. */
export async function startNats(
  options: { readonly syncAlways?: boolean } = {},
): Promise<RunningNats> {
  const { nats } = await testPrograms();
  const folder = await temporaryFolder('nats');
  const [port, monitorPort] = [await freePort(), await freePort()];
  const password = 'only-for-tests';
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;
  const server = await startServer({
    name: 'nats-server',
    command: natsCommand({
      binary: nats,
      folder: folder.path,
      port,
      monitorPort,
      password,
      passwords: Object.fromEntries(natsUsers.map((user) => [user, password])),
      syncAlways: options.syncAlways ?? true,
    }),
    logFile: join(folder.path, 'nats.log'),
    stopSignal: 'SIGTERM',
    ready: () => natsIsReady(monitorUrl),
  });
  return {
    url: natsUrl({ password, port }),
    urlFor: (user) => natsUrl({ user, password, port }),
    monitorUrl,
    pid: server.pid,
    dir: folder.path,
    stop: async () => {
      await server.stop();
      await folder.remove();
    },
  };
}
