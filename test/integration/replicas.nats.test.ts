import { join } from 'node:path';
import { connect } from 'nats';
import { expect, test } from 'vitest';
import { natsCommand, natsIsReady, natsUrl } from '../../services/sandbox/launch/nats-server.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { provision } from '#shared/stream/provision.ts';
import { streamName } from '#shared/stream/subjects.ts';
import { freePort } from '#test/support/free-port.ts';
import { startServer } from '#test/support/server-process.ts';
import type { ServerProcess } from '#test/support/server-process.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { until } from '#test/support/until.ts';
import { aFact, anOpening, aShard, takeNames } from './log-records.ts';

/* The log on three servers of one NATS cluster, each with deploy/nats as it is. */

const log = silentLogger();
const shard = aShard(3);
const password = 'only-for-tests';

const nowhere = { port: 0, monitor: 0, route: 0 };

type Member = { readonly port: number; readonly monitor: number; readonly route: number };

async function startThree() {
  await using stack = new AsyncDisposableStack();
  const place = await temporaryFolder('nats-cluster');
  stack.defer(() => place.remove());
  const { nats } = await testPrograms();
  const three: readonly Member[] = await Promise.all(
    [0, 1, 2].map(async () => ({
      port: await freePort(),
      monitor: await freePort(),
      route: await freePort(),
    })),
  );
  const routes = three.map(({ route }) => `nats-route://127.0.0.1:${route}`).join(',');
  const servers: readonly ServerProcess[] = await Promise.all(
    three.map(({ port, monitor, route }, index) => {
      const folder = join(place.path, `${index}`);
      const command = natsCommand({ binary: nats, folder, port, monitorPort: monitor, password });
      const cluster = ['-n', `rollcall-${index}`, '--cluster_name', 'rollcall'];
      const joined = ['--cluster', `nats://127.0.0.1:${route}`, '--routes', routes];
      return startServer({
        name: `nats-server ${index}`,
        command: { ...command, args: [...command.args, ...cluster, ...joined] },
        logFile: join(place.path, `nats-${index}.log`),
        stopSignal: 'SIGKILL',
        ready: () => natsIsReady(`http://127.0.0.1:${monitor}`),
      });
    }),
  );
  for (const server of servers) stack.defer(() => server.stop());
  const all = stack.move();
  return { three, servers, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

test('with three replicas the log goes on when the server that leads it is killed', async () => {
  await using cluster = await startThree();
  const settingsOf = ({ port, monitor }: Member) => ({
    cluster: 'default',
    url: natsUrl({ password, port }),
    monitorUrl: `http://127.0.0.1:${monitor}`,
    allowLazySync: false,
  });
  const [one = nowhere] = cluster.three;
  await until('the servers to have found each other', () =>
    provision({ ...settingsOf(one), logReplicas: 3 }, log).then(
      () => true,
      () => false,
    ),
  );
  const leader = await leaderOf(settingsOf(one).url);
  // Where services are given the address of a Service, as here a server that lives on.
  const other = cluster.three.find((_, index) => index !== leader) ?? nowhere;
  await using stream = await openNatsLog(settingsOf(other), log);
  const names = Array.from({ length: 60 }, (_, number) => `vm-${number}`);
  for (const name of names.slice(0, 30)) await stream.append(shard, 'fact', aFact(name));
  await cluster.servers[leader]?.stop();
  for (const name of names.slice(30)) await stream.append(shard, 'fact', aFact(name));
  expect(await stream.appendDecision(shard, anOpening('one'), 0)).toMatchObject({ stored: true });
  expect([...new Set(await takeNames(stream, 60))]).toEqual(names);
}, 120_000);

async function leaderOf(url: string): Promise<number> {
  const { host } = new URL(url);
  const connection = await connect({ servers: host, user: 'rollcall', pass: password });
  try {
    const manager = await connection.jetstreamManager();
    const { cluster } = await manager.streams.info(streamName('default'));
    expect(cluster?.replicas).toHaveLength(2);
    return Number(cluster?.leader?.replace('rollcall-', ''));
  } finally {
    await connection.close();
  }
}
