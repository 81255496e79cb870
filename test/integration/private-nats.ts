import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#test/support/free-port.ts';

/** A nats-server of a test's own: free ports on loopback, its own folder, stopped by its own pid. */
export type PrivateNats = AsyncDisposable & {
  readonly port: number;
  readonly monitorPort: number;
  readonly url: string;
  readonly monitorUrl: string;
  /** SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Where everything durable of it lies. */
  readonly store: string;
  /** Starts again on the same store and ports; elsewhere, for those who must not find it. */
  start(elsewhere?: number): Promise<void>;
  /** Throws the store away; only while killed. */
  forget(): Promise<void>;
};

export type PrivateNatsOptions = {
  readonly syncAlways?: boolean;
  /** Lines for the end of the configuration. */
  readonly more?: string;
};

export async function startPrivateNats(options: PrivateNatsOptions = {}): Promise<PrivateNats> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-nats-'));
  const [port, monitorPort] = [await freePort(), await freePort()];
  const sync = options.syncAlways === false ? '' : 'sync_interval: always';
  await writeFile(
    join(folder, 'nats.conf'),
    `listen: 127.0.0.1:${port}\nhttp: 127.0.0.1:${monitorPort}\n` +
      `jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))}\n ${sync} }\n` +
      (options.more ?? ''),
  );
  let child: ChildProcess | undefined;

  async function kill(): Promise<void> {
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    child = undefined;
  }

  async function start(elsewhere = port): Promise<void> {
    const files = ['-c', join(folder, 'nats.conf'), '-l', join(folder, 'log')];
    child = spawn(natsServer(), [...files, '-p', String(elsewhere)], { stdio: 'ignore' });
    const health = `http://127.0.0.1:${monitorPort}/healthz`;
    for (let tries = 0; !(await isHealthy(health)); tries += 1) {
      if (child.exitCode !== null || tries > 200) {
        throw new Error(await readFile(join(folder, 'log'), 'utf8').catch(() => 'no log'));
      }
      await sleep(25);
    }
  }

  await start();
  return {
    port,
    monitorPort,
    url: `nats://127.0.0.1:${port}`,
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    store: join(folder, 'store'),
    kill,
    start,
    forget: () => rm(join(folder, 'store'), { recursive: true }),
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function natsServer(): string {
  const folders = [
    process.env['ROLLCALL_BIN'],
    fileURLToPath(new URL('../../.rollcall-test/bin', import.meta.url)),
    fileURLToPath(new URL('../../.rollcall/bin', import.meta.url)),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const found = folders
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, 'nats-server'))
    .find((file) => existsSync(file));
  if (found === undefined)
    throw new Error('no nats-server in .rollcall-test/bin, .rollcall/bin or on PATH');
  return found;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
