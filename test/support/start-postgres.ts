import { join } from 'node:path';
import {
  passableFolder,
  removeOutsideBelow,
} from '../../services/sandbox/launch/passable-folder.mjs';
import {
  makeDatabaseCluster,
  postgresCommand,
  postgresIsReady,
  postgresUrl,
} from '../../services/sandbox/launch/postgres-server.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { freePort } from './free-port.ts';
import { startServer } from './server-process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { createDatabase } from './test-database.ts';
import type { TestDatabase } from './test-database.ts';

export type RunningPostgres = {
  /** The address of a database of the owner, who may make others. */
  readonly url: string;
  readonly pid: number;
  readonly dir: string;
  createDatabase(): Promise<TestDatabase>;
  stop(): Promise<void>;
};

export type PostgresOptions = {
  /** True for tests of what the book demands of its server; false is faster. */
  readonly durable?: boolean;
};

/** A private Postgres in a folder of its own, which goes when it stops. */
export async function startPostgres(options: PostgresOptions = {}): Promise<RunningPostgres> {
  const { postgres: binaries } = await testPrograms();
  const temporary = await temporaryFolder('postgres');
  const folder = passableFolder(join(temporary.path, 'postgres'));
  const [port, password] = [await freePort(), 'only-for-tests'];
  const cluster = { binaries, folder, durable: options.durable ?? true };
  await makeDatabaseCluster({ ...cluster, durable: false, password });
  const server = await startServer({
    name: 'postgres',
    command: postgresCommand({ ...cluster, port }),
    logFile: join(temporary.path, 'postgres.log'),
    stopSignal: 'SIGINT',
    ready: (pid) => postgresIsReady(folder, pid),
  });
  const url = postgresUrl({ password, port });
  return {
    url,
    pid: server.pid,
    dir: folder,
    createDatabase: () => createDatabase(url),
    stop: async () => {
      await server.stop();
      removeOutsideBelow(temporary.path);
      await temporary.remove();
    },
  };
}
