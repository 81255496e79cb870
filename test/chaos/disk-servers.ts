import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { natsCommand, natsIsReady, natsUrl } from '../../services/sandbox/launch/nats-server.mjs';
import {
  makeDatabaseCluster,
  postgresCommand,
  postgresIsReady,
  postgresUrl,
} from '../../services/sandbox/launch/postgres-server.mjs';
import { isAlive, signalQuietly } from '../../services/sandbox/launch/process-table.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { passableFolder } from '../../services/sandbox/launch/passable-folder.mjs';
import { freePort } from '../support/free-port.ts';
import {
  copyImage,
  fillDisk,
  isInUse,
  makeImage,
  makeRoom,
  makeRoomIn,
  onDisk,
  pathOnDisk,
} from '../support/loop-disk.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess, ServerStart } from '../support/server-process.ts';
import { until } from '../support/until.ts';

const password = 'only-for-tests';

type DiskServerParts = {
  /** For everything that is not on the disk. */
  readonly folder: string;
  readonly image: string;
  /** The mounted folder. */
  readonly mounted: string;
  readonly start: (image: string) => ServerStart;
};

/** A server with a small disk of its own, which can be filled up, and whose power can be cut. */
export class DiskServer implements AsyncDisposable {
  readonly #parts: DiskServerParts;
  #image: string;
  #cuts = 0;
  #process: ServerProcess | undefined;

  constructor(parts: DiskServerParts) {
    this.#parts = parts;
    this.#image = parts.image;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error('the server does not run');
    return this.#process.pid;
  }

  get runs(): boolean {
    return this.#process !== undefined && isAlive(this.#process.pid);
  }

  async start(): Promise<void> {
    await this.#letGo();
    this.#process = await startServer(this.#parts.start(this.#image));
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    this.#process = undefined;
  }

  fill(): void {
    fillDisk(this.pid, this.#parts.mounted);
  }

  /** A server that has died of it stays dead. */
  async makeRoom(): Promise<void> {
    const { mounted } = this.#parts;
    try {
      makeRoom(this.pid, mounted);
    } catch (error) {
      await until('the server to be gone', () => !this.runs, { timeoutMs: 10_000 }).catch(() => {
        throw error;
      });
      await this.#letGo();
      await makeRoomIn({ image: this.#image, folder: mounted });
    }
  }

  /** The next start finds what had reached the disk when the lights went out, and no more. */
  async cutPower(): Promise<void> {
    const { pid } = this;
    const copy = join(this.#parts.folder, `cut-${(this.#cuts += 1)}.img`);
    signalQuietly(pid, 'SIGSTOP');
    await copyImage(this.#image, copy);
    signalQuietly(pid, 'SIGKILL');
    await until('the server to be gone', () => !isAlive(pid), { everyMs: 5 });
    this.#process = undefined;
    this.#image = copy;
  }

  /** The disk of a server that has ended is let go of a little later; until then it is not as it was left. */
  async #letGo(): Promise<void> {
    await until('the disk to be let go', async () => !(await isInUse(this.#image)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export type DiskNats = {
  readonly server: DiskServer;
  readonly url: string;
  readonly monitorUrl: string;
};

export type DiskNatsWish = {
  readonly folder: string;
  readonly megabytes: number;
  readonly syncAlways: boolean;
};

/** A broker whose store is on a disk of its own; not started yet. */
export async function natsOnDisk({
  folder,
  megabytes,
  syncAlways,
}: DiskNatsWish): Promise<DiskNats> {
  const { nats: binary } = await testPrograms();
  const [port, monitorPort] = [await freePort(), await freePort()];
  const image = join(folder, 'nats.img');
  await makeImage({ file: image, megabytes });
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;
  const command = natsCommand({ binary, folder, port, monitorPort, password, syncAlways });
  const mounted = join(folder, 'store');
  const start = (from: string): ServerStart => ({
    name: 'nats-server',
    command: onDisk(command, { image: from, folder: mounted }),
    logFile: join(folder, 'nats.log'),
    stopSignal: 'SIGTERM',
    ready: () => natsIsReady(monitorUrl),
  });
  const server = new DiskServer({ folder, image, mounted, start });
  return { server, url: natsUrl({ password, port }), monitorUrl };
}

/** A database on a disk of its own; not started yet. */
export async function postgresOnDisk(
  wanted: string,
  megabytes: number,
): Promise<{ readonly server: DiskServer; readonly url: string }> {
  const { postgres: binaries } = await testPrograms();
  const folder = passableFolder(wanted);
  const seed = passableFolder(join(folder, 'seed'));
  const [port, image] = [await freePort(), join(folder, 'postgres.img')];
  await makeDatabaseCluster({ binaries, folder: seed, password, durable: false });
  chmodSync(seed, 0o711);
  await makeImage({ file: image, megabytes, contents: seed });
  const mounted = join(folder, 'disk');
  const command = postgresCommand({ binaries, folder: mounted, port, durable: true });
  const start = (from: string): ServerStart => ({
    name: 'postgres',
    command: onDisk(command, { image: from, folder: mounted }),
    logFile: join(folder, 'postgres.log'),
    stopSignal: 'SIGINT',
    ready: (pid) => postgresIsReady(pathOnDisk(pid, mounted), pid),
  });
  const server = new DiskServer({ folder, image, mounted, start });
  return { server, url: postgresUrl({ password, port }) };
}
