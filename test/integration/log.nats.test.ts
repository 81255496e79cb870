import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'nats';
import { expect, test } from 'vitest';
import { createLogger, silentLogger } from '#shared/process/logger.ts';
import { checkPosition, positionAt } from '#shared/stream/lineage.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { provision } from '#shared/stream/provision.ts';
import { leaseMs } from '#shared/stream/stream-config.ts';
import type { StreamSettings } from '#shared/stream/settings.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { describeLog } from './log-contract.ts';
import { aFact, aLongFact, anOpening, aShard, namesIn, take, takeNames } from './log-records.ts';
import { startPrivateNats } from './private-nats.ts';
import type { PrivateNats } from './private-nats.ts';

const log = process.env['LOG_LEVEL'] === undefined ? silentLogger() : createLogger('test', 'debug');
const shard = aShard(3);

describeLog('the log on NATS', async () => {
  const nats = await startPrivateNats();
  const proxy = await startCuttingProxy(nats.port);
  const settings = { ...settingsOf(nats), url: `nats://127.0.0.1:${proxy.port}` };
  await provision(settingsOf(nats), log);
  return {
    open: () => openNatsLog(settings, log),
    put: async (subject, data) => {
      const connection = await connect({ servers: nats.url });
      await connection.jetstream().publish(subject, data);
      await connection.close();
    },
    loseNextAnswer: () => proxy.cutAtNextAnswer(),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await nats[Symbol.asyncDispose]();
    },
  };
});

test('loses nothing when the broker is killed and started again, and reads on', async () => {
  await using nats = await startPrivateNats();
  await provision(settingsOf(nats), log);
  await using stream = await openNatsLog(settingsOf(nats), log);
  await using elsewhere = await openNatsLog(settingsOf(nats), log);
  const names = Array.from({ length: 400 }, (_, number) => `vm-${number}`);
  const reading = takeNames(elsewhere, 400);
  const lease = await stream.leases.hold('watcher', 'one', new AbortController().signal);
  for (const name of names.slice(0, 100)) await stream.append(shard, 'fact', aFact(name));
  const meanwhile = names.slice(100, 300).map((one) => stream.append(shard, 'fact', aFact(one)));
  await nats.kill();
  const away = names.slice(300).map((one) => stream.append(shard, 'fact', aFact(one)));
  await nats.start();
  await Promise.all([...meanwhile, ...away]);
  await stream.append(shard, 'fact', aFact('last'));
  expect([...new Set(await reading)]).toEqual(names);
  expect(await stream.appendDecision(shard, anOpening('one'), 0)).toMatchObject({ stored: true });
  await lease[Symbol.asyncDispose]();
});

test('reads on where it was when its connection breaks again and again', async () => {
  await using nats = await startPrivateNats();
  await using proxy = await startCuttingProxy(nats.port);
  await provision(settingsOf(nats), log);
  await using stream = await openNatsLog(settingsOf(nats), log);
  await using reader = await openNatsLog(
    { ...settingsOf(nats), url: `nats://127.0.0.1:${proxy.port}` },
    log,
  );
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const message of reader.read({ after: 0 }, stop.signal)) {
      seen.push(...namesIn([message]));
      if (seen.length === 150) break;
      if (seen.length % 40 === 0) proxy.cut();
    }
  })();
  const names = Array.from({ length: 150 }, (_, number) => `vm-${number}`);
  for (const name of names) await stream.append(shard, 'fact', aFact(name));
  await reading;
  expect(seen).toEqual(names);
});

test('reads much, large and small, through one consumer', async () => {
  await using nats = await startPrivateNats();
  await provision(settingsOf(nats), log);
  await using stream = await openNatsLog(settingsOf(nats), log);
  const small = Array.from({ length: 1_500 }, (_, number) => `small-${number}`);
  const large = Array.from({ length: 200 }, () => aLongFact(100_000));
  for (let at = 0; at < small.length; at += 60) {
    const some = small.slice(at, at + 60);
    await Promise.all(some.map((one, to) => stream.append(aShard(to), 'fact', aFact(one))));
  }
  await Promise.all(large.map((one, to) => stream.append(aShard(to % 60), 'fact', one)));
  expect(await takeNames(stream, 1_700)).toHaveLength(1_700);
  const connection = await connect({ servers: nats.url });
  const manager = await connection.jetstreamManager();
  expect(await manager.consumers.list('ROLLCALL_test').next()).toHaveLength(1);
  await connection.close();
});

test('notices that the stream was made anew, while connected and at the next start', async () => {
  await using nats = await startPrivateNats();
  await provision(settingsOf(nats), log);
  await using stream = await openNatsLog(settingsOf(nats), log);
  await stream.append(shard, 'fact', aFact('vm-0'));
  const [message] = await take(stream, 1);
  if (message === undefined) throw new Error('nothing was read');
  const position = positionAt(stream, message);
  const lost = expect(stream.lost).rejects.toThrow(/was made anew/);
  await nats.kill();
  await nats.forget();
  await nats.start();
  await provision(settingsOf(nats), log);
  await lost;
  await using renewed = await openNatsLog(settingsOf(nats), log);
  expect(renewed.identity.lineage).not.toBe(position.lineage);
  await renewed.append(shard, 'fact', aFact('vm-0'));
  expect(await checkPosition(renewed, position)).toBe('broken');
});

test('gives a lease to another when its holder is cut off, and tells the holder', async () => {
  await using nats = await startPrivateNats();
  await using proxy = await startCuttingProxy(nats.port);
  await provision(settingsOf(nats), log);
  const through = { ...settingsOf(nats), url: `nats://127.0.0.1:${proxy.port}` };
  await using cutOff = await openNatsLog(through, log);
  const { signal } = new AbortController();
  await using old = await cutOff.leases.hold('watcher', 'one', signal);
  const lost = expect(old.lost).rejects.toThrow(/lost the lease watcher/);
  await using stream = await openNatsLog(settingsOf(nats), log);
  proxy.block();
  await using taken = await stream.leases.hold('watcher', 'two', signal);
  proxy.unblock();
  await lost;
  expect(taken).toBeDefined();
}, 20_000);

test('keeps a lease over a broker that was away for longer than it lasts', async () => {
  await using nats = await startPrivateNats();
  await provision(settingsOf(nats), log);
  await using stream = await openNatsLog(settingsOf(nats), log);
  const { signal } = new AbortController();
  await using lease = await stream.leases.hold('watcher', 'one', signal);
  await nats.kill();
  await sleep(leaseMs + 500);
  await nats.start();
  const renewedTwice = sleep(2_500).then(() => 'held');
  expect(await Promise.race([lease.lost, renewedTwice])).toBe('held');
}, 20_000);

test('is refused by a broker that does not sync each write, unless that is accepted', async () => {
  await using nats = await startPrivateNats({ syncAlways: false });
  await expect(provision(settingsOf(nats), log)).rejects.toThrow(/does not sync each write/);
  await expect(openNatsLog(settingsOf(nats), log)).rejects.toThrow(/does not sync each write/);
  const lazy = { ...settingsOf(nats), monitorUrl: undefined, allowLazySync: true };
  await provision(lazy, log);
  await using stream = await openNatsLog(lazy, log);
  expect(await stream.bounds()).toEqual({ first: 1, last: 0 });
});

test('refuses to trust a broker whose syncing nobody can show', async () => {
  await using nats = await startPrivateNats();
  await using another = await startPrivateNats();
  const open = (monitorUrl: string | undefined) =>
    openNatsLog({ ...settingsOf(nats), monitorUrl }, log);
  await expect(open(undefined)).rejects.toThrow(/set NATS_MONITOR_URL/);
  await expect(open(another.monitorUrl)).rejects.toThrow(/two different servers/);
  await expect(open('http://127.0.0.1:1')).rejects.toThrow(/does not answer/);
});

test('refuses a stream that is missing or was changed, and provisions it back', async () => {
  await using nats = await startPrivateNats();
  const open = () => openNatsLog(settingsOf(nats), log);
  await expect(open()).rejects.toThrow(/ROLLCALL_test is not there/);
  await provision(settingsOf(nats), log);
  const connection = await connect({ servers: nats.url });
  const manager = await connection.jetstreamManager();
  await manager.streams.update('ROLLCALL_test', { max_age: 60_000_000_000 });
  await connection.close();
  await expect(open()).rejects.toThrow(/max_age is 60000000000 and must be/);
  await provision(settingsOf(nats), log);
  await using stream = await open();
  expect(stream.identity.stream).toBe('ROLLCALL_test');
});

test('fails with a clear sentence where its user may not write', async () => {
  await using nats = await startPrivateNats({
    more: `authorization { users = [
      { user: admin, password: secret },
      { user: watcher, password: secret, permissions: {
          publish: ["$JS.API.>", "$KV.>", "rc.*.fact"], subscribe: ["_INBOX.watcher.>"] } } ] }`,
  });
  const as = (user: string) => ({
    ...settingsOf(nats),
    url: nats.url.replace('//', `//${user}:secret@`),
  });
  await provision(as('admin'), log);
  await using stream = await openNatsLog(as('watcher'), log);
  await stream.append(shard, 'fact', aFact('vm-0'));
  expect(namesIn(await take(stream, 1))).toEqual(['vm-0']);
  await expect(stream.appendDecision(shard, anOpening('watcher'), 0)).rejects.toThrow(
    /forbids this user to publish rc\.03\.decision/,
  );
  await expect(openNatsLog(as('nobody'), log)).rejects.toThrow(/Authorization/i);
});

function settingsOf(nats: PrivateNats): StreamSettings {
  return { cluster: 'test', url: nats.url, monitorUrl: nats.monitorUrl, allowLazySync: false };
}
