import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { natsIsReady } from '../../services/sandbox/launch/nats-server.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { canJail, startContainer } from '#test/support/container.ts';
import type { Container, RunningContainer } from '#test/support/container.ts';
import { readImage } from '#test/support/dockerfile.ts';
import { freePort } from '#test/support/free-port.ts';
import { makeImageRoot } from '#test/support/image-root.ts';
import { runProgram } from '#test/support/run-program.ts';
import { startPostgres } from '#test/support/start-postgres.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { openTestSandbox } from '#test/support/test-sandbox.ts';
import type { TestSandbox } from '#test/support/test-sandbox.ts';
import { until } from '#test/support/until.ts';
import type { PackagedProgram } from './packaged-programs.ts';

const repo = fileURLToPath(new URL('../..', import.meta.url));

/** What a package expects around it: broker, database and cluster, under the names that it calls them. */
export type PackagedWorld = AsyncDisposable & {
  readonly folder: string;
  readonly sandbox: TestSandbox;
  readonly gatewayPort: number;
  /** Where make-secrets has put one of its files. */
  secret(file: string): string;
  /** As the owner of the server, on a database. */
  sql(statement: string, database?: string): Promise<void>;
  /** One of our programs in the image that the Dockerfile makes. */
  container(program: PackagedProgram, healthPort: number): Container;
  /** Puts the ports of this world into an address of the package. */
  adapt(text: string): string;
};

export type WorldOptions = {
  readonly natsHost: string;
  readonly postgresHost: string;
  /** More for make-secrets. */
  readonly secrets: readonly string[];
  readonly authorization: 'AlwaysAllow' | 'RBAC';
};

export async function openPackagedWorld(options: WorldOptions): Promise<PackagedWorld> {
  await using stack = new AsyncDisposableStack();
  const place = await temporaryFolder('packaged');
  stack.defer(() => place.remove());
  const folder = place.path;
  const gatewayPort = await freePort();
  const { natsHost, postgresHost, authorization } = options;
  const service = { 'rollcall-system/gateway': `https://127.0.0.1:${gatewayPort}` };
  const sandbox = stack.use(
    await openTestSandbox({ controllers: true, authorization, webhookServices: service }),
  );
  const postgres = await startPostgres();
  stack.defer(() => postgres.stop());
  const ports = { nats: await freePort(), monitor: await freePort() };
  const secrets = join(folder, 'secrets');
  const reach = (host: string): string => (canJail() ? host : '127.0.0.1');
  await makeSecrets(secrets, [
    ...['--nats', `${reach(natsHost)}:${ports.nats}`],
    ...['--postgres', `${reach(postgresHost)}:${new URL(postgres.url).port}`],
    ...['--cli-nats', `127.0.0.1:${ports.nats}`, '--cli-monitor', `127.0.0.1:${ports.monitor}`],
    ...['--cli-postgres', new URL(postgres.url).host],
    ...options.secrets,
  ]);
  const nats = await startBroker({
    folder,
    passwords: join(secrets, 'nats/passwords.conf'),
    ports,
  });
  stack.defer(() => nats.stop());
  const image = readImage();
  const root = join(folder, 'image');
  // ROLLCALL_NPM_CI=1 has npm install the packages, as the Dockerfile does; it takes half a minute.
  await makeImageRoot(image, { root, npmCi: process.env['ROLLCALL_NPM_CI'] === '1' });
  const { node } = await testPrograms();
  const adapt = (text: string): string =>
    text
      .replaceAll(`${natsHost}:8222`, `${natsHost}:${ports.monitor}`)
      .replaceAll(':7480', `:${gatewayPort}`)
      .replaceAll('https://kubernetes.default.svc', `https://127.0.0.1:${sandbox.port}`);
  const all = stack.move();
  return {
    folder,
    sandbox,
    gatewayPort,
    adapt,
    secret: (file) => join(secrets, file),
    sql: (statement, database = 'postgres') => runSql({ url: postgres.url, database, statement }),
    container: ({ args, env, user, mounts }, healthPort) => ({
      root,
      program: [...image.entrypoint, ...args],
      env: {
        ...image.env,
        ...Object.fromEntries(Object.entries(env).map(([name, text]) => [name, adapt(text)])),
        ...(healthPort > 0 && { ROLLCALL_HEALTH_PORT: `${healthPort}` }),
      },
      workdir: image.workdir,
      user,
      mounts,
      hosts: [natsHost, postgresHost],
      bin: dirname(node),
    }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function makeSecrets(out: string, args: readonly string[]): Promise<void> {
  const script = join(repo, 'deploy/docker/make-secrets.mjs');
  await runProgram(process.execPath, [script, '--out', out, ...args]);
}

type BrokerStart = {
  readonly folder: string;
  readonly passwords: string;
  readonly ports: { readonly nats: number; readonly monitor: number };
};

/** The real broker with deploy/nats as it is, as root without capabilities, as its image runs it. */
async function startBroker(start: BrokerStart): Promise<RunningContainer> {
  const { folder, ports } = start;
  const { nats } = await testPrograms();
  const [root, etc, data] = ['broker', 'broker-etc', 'broker-data'].map((name) =>
    join(folder, name),
  );
  if (root === undefined || etc === undefined || data === undefined) throw new Error('no folders');
  for (const below of ['usr', 'proc', 'dev', 'etc', 'run', 'var', 'data', 'opt/bin']) {
    mkdirSync(join(root, below), { recursive: true });
  }
  for (const made of [etc, data]) mkdirSync(made);
  copyFileSync(join(repo, 'deploy/nats/nats.conf'), join(etc, 'nats.conf'));
  copyFileSync(start.passwords, join(etc, 'passwords.conf'));
  const container: Container = {
    root,
    program: ['nats-server', '-c', '/etc/nats/nats.conf', '-sd', '/data'],
    env: {},
    workdir: '/',
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    mounts: [
      { source: join(etc, 'nats.conf'), target: '/etc/nats/nats.conf' },
      { source: join(etc, 'passwords.conf'), target: '/etc/nats/passwords.conf' },
      { source: data, target: '/data', writable: true },
    ],
    hosts: [],
    bin: dirname(nats.file),
  };
  const judged = startContainer({ ...container, program: [...container.program, '-t'] });
  if ((await judged.ended) !== 0)
    throw new Error(`nats-server refuses nats.conf: ${judged.said()}`);
  const free = ['-a', '127.0.0.1', '-p', `${ports.nats}`, '-m', `${ports.monitor}`];
  const running = startContainer({ ...container, program: [...container.program, ...free] });
  await until(`the broker to be ready`, () =>
    natsIsReady(`http://127.0.0.1:${ports.monitor}`),
  ).catch((cause: unknown) => {
    throw new Error(`the broker said ${running.said()}`, { cause });
  });
  return running;
}

type Sql = { readonly url: string; readonly database: string; readonly statement: string };

async function runSql({ url, database, statement }: Sql): Promise<void> {
  const at = new URL(url);
  at.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: at.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A kubeconfig that the services can read, whoever they run as. */
export function readableCopy(from: string, to: string): string {
  writeFileSync(to, readFileSync(from));
  chmodSync(to, 0o644);
  return to;
}
