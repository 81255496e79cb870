import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { resourceVersionSchema } from '#shared/contract/ids.ts';
import { kinds } from '#shared/contract/kinds.ts';
import type { Observable } from '#shared/contract/objects.ts';
import type { Fact } from '#shared/contract/records.ts';
import { aClaim, aDataVolume, aPool, aRevision, aVm } from '#shared/core/testing/objects.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { provision } from '#shared/stream/provision.ts';
import { shardOf } from '#shared/stream/shards.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { costOf } from '../load/process-costs.ts';
import { startNats } from '../support/start-nats.ts';
import { atLeast, heading } from './rows.ts';
import type { Row } from './rows.ts';

const main = fileURLToPath(new URL('../../services/reconciler/main.ts', import.meta.url));
const log = silentLogger();
const namespaces = Array.from({ length: 20 }, (_, index) => `shop-${index}`);
/** How often each object has been told: a log holds more than the world as it is. */
const tellings = 4;
/** For a warm start, from snapshots, at any of the sizes. */
const mostRestartMs = 3_000;
/** Facts a second, read from the broker and folded; short logs are mostly the start of the process. */
const leastReplay = { rate: 80_000, records: 100_000 };

/**
 * How long a reconciler takes from its start until it decides, on a log with the history of so many
 * objects: by folding the log, from snapshots after a clean stop, and after SIGKILL, when the lease has
 * to run out besides.
 */
export async function restart(objects: number): Promise<readonly Row[]> {
  const nats = await startNats();
  try {
    const broker = { url: nats.url, monitorUrl: nats.monitorUrl };
    const settings = { cluster: 'bench', ...broker, allowLazySync: false };
    await provision(settings, log);
    await using stream = await openNatsLog(settings, log);
    const records = await fill(stream, objects);
    const what = `restart with ${objects} objects`;
    const folded = await start(broker);
    const stopMs = await folded.stop();
    const restored = await start(broker);
    await restored.kill();
    const killed = await start(broker);
    await killed.stop();
    return [
      heading(`${what}, of which the log has ${records} records:`),
      replayRow(records, folded.foldMs),
      { what: '  folding the log, until it decides', value: ms(folded.readyMs) },
      { what: '  … its memory at most, CPU seconds', value: folded.memory },
      { what: '  … a clean stop with its snapshots', value: ms(stopMs) },
      {
        what: '  from snapshots, until it decides',
        value: ms(restored.readyMs),
        target: { words: `at most ${ms(mostRestartMs)}`, met: restored.readyMs <= mostRestartMs },
      },
      { what: '  … its memory at most, CPU seconds', value: restored.memory },
      { what: '  after SIGKILL, until folded', value: ms(killed.foldedMs) },
      { what: '  after SIGKILL, with the lease', value: ms(killed.readyMs) },
    ];
  } finally {
    await nats.stop();
  }
}

function replayRow(records: number, foldMs: number): Row {
  const rate = (records / foldMs) * 1_000;
  return {
    what: '  replay: facts per second, read and folded',
    value: rate.toFixed(0),
    ...(records >= leastReplay.records && { target: atLeast(rate, leastReplay.rate) }),
  };
}

/** Pools whose members have a disk each, in all namespaces; the number of records. */
async function fill(stream: Stream, objects: number): Promise<number> {
  const perNamespace = Math.ceil(objects / 3 / namespaces.length);
  let records = 0;
  for (let telling = 1; telling <= tellings; telling += 1) {
    for (const namespace of namespaces) {
      const facts = survey(worldOf(namespace, perNamespace, telling * 10), `${telling}`, telling);
      const shard = shardOf('bench', namespace);
      await Promise.all(facts.map((fact) => stream.append(shard, 'fact', fact)));
      records += facts.length;
    }
  }
  return records;
}

function worldOf(namespace: string, members: number, version: number): readonly Observable[] {
  const options = { namespace, version };
  const owner = aPool({ ...options, uid: `pool-${namespace}`, replicas: members });
  const revision = aRevision({ ...options, owner, uid: `revision-${namespace}` });
  const of = (ordinal: number): readonly Observable[] => {
    const disk = `disk-${ordinal}`;
    const uid = (kind: string) => `${kind}-${namespace}-${ordinal}`;
    const vm = aVm(`web-${ordinal}`, {
      ...options,
      ...{ owner, uid: uid('vm'), disks: [{ name: disk }] },
      claims: [{ kind: 'DataVolume', name: disk }],
    });
    const dataVolume = aDataVolume(disk, { ...options, owner: vm, uid: uid('dv') });
    return [vm, dataVolume, aClaim(disk, { ...options, owner: dataVolume, uid: uid('claim') })];
  };
  return [owner, revision, ...Array.from({ length: members }, (_, at) => of(at)).flat()];
}

function survey(objects: readonly Observable[], id: string, telling: number): readonly Fact[] {
  const resourceVersion = resourceVersionSchema.parse(`${telling * 10 + 1}`);
  return kinds.flatMap((kind): readonly Fact[] => {
    const seen = objects.filter((object) => object.kind === kind);
    return [
      { type: 'survey-began', kind, id },
      ...seen.map((object): Fact => ({ type: 'observed', object, survey: id })),
      { type: 'surveyed', kind, id, resourceVersion, count: seen.length },
    ];
  });
}

/** A reconciler as a process of its own, once it decides. */
async function start(broker: { readonly url: string; readonly monitorUrl: string }) {
  const began = performance.now();
  const child = spawn(process.execPath, [main], {
    env: {
      ROLLCALL_CLUSTER: 'bench',
      NATS_URL: broker.url,
      NATS_MONITOR_URL: broker.monitorUrl,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let foldingMs = 0;
  let foldedMs = 0;
  for await (const line of createInterface(child.stdout)) {
    // Said once when it begins, and again as it goes.
    if (line.includes('"msg":"folding the log"')) foldingMs ||= performance.now() - began;
    if (line.includes('"msg":"folded the log"')) foldedMs = performance.now() - began;
    if (line.includes('"msg":"ready"')) break;
  }
  const readyMs = performance.now() - began;
  child.stdout.resume();
  const memory = await costSoFar(child);
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number> => {
    const asked = performance.now();
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return performance.now() - asked;
  };
  const foldMs = foldedMs - foldingMs;
  return {
    readyMs,
    foldedMs,
    foldMs,
    memory,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** As the kernel counts it; unknown elsewhere than on Linux. */
async function costSoFar({ pid }: ChildProcess): Promise<string> {
  const cost = pid === undefined ? undefined : await costOf(pid);
  if (cost === undefined) return 'unknown';
  const peak = Math.round(cost.peakMemory / 1024 / 1024);
  return `${peak} MB, ${cost.cpuSeconds.toFixed(2)} s`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
