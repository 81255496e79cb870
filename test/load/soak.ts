import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import { openStore } from '#shared/store/open-store.ts';
import type { Store } from '#shared/store/open-store.ts';
import { commandOptions, wholeNumber } from '../support/command-options.ts';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';
import { Churn } from './churn.ts';
import { LogMeter } from './log-meter.ts';
import { costOf } from './process-costs.ts';
import { slopeOf } from './slope.ts';
import type { Sample } from './slope.ts';
import { sparkline } from './sparkline.ts';

/**
 * Rollcall on the sandbox under a steady load, for minutes: whether it keeps up, and whether any process
 * grows. The last line is the verdict; the exit code is 1 when it is not "flat" and "kept up".
 */
const values = commandOptions({
  minutes: { type: 'string', default: '15' },
  rate: { type: 'string', default: '500' },
});
const minutes = wholeNumber('minutes', values.minutes);
const rate = wholeNumber('rate', values.rate);
const sayEachMs = 10_000;
const sampleEachMs = 2_000;
const tideEachMs = 3_000;
/** Facts, against what was asked for, that still count as kept up. */
const keptUpShare = 0.95;
/** Simulated or foreign programs are told, and not judged. */
const judged = ['watcher', 'reconciler', 'executor', 'recorder', 'gateway'];
/** Until then heaps still find their size. */
const tellingMinutes = 10;

console.log(`starting Rollcall, then ${rate} facts a second for ${minutes} minutes`);
await using rollcall = await startRollcall();
const connections = await connectionsOf(rollcall);
await using meter = await LogMeter.open(connections);
await using store = openStore({ databaseUrl: connections.databaseUrl, name: 'rollcall-soak' });
await using cluster = await openCluster({
  kubeconfig: rollcall.kubeconfig,
  userAgent: 'rollcall-soak',
});
const churn = new Churn(cluster, rate);
await churn.begin();
await until('the standing sets to be made', async () => {
  return (await rollcall.creations('VirtualMachine')).length >= 200;
});

const samples = new Map<string, Sample[]>();
const stop = new AbortController();
const began = performance.now();
const factsAtStart = meter.facts;
const running = churn.run(stop.signal);
const timers = [
  setInterval(() => void churn.tide(), tideEachMs),
  setInterval(() => void sample(), sampleEachMs),
];
let before = { at: began, facts: meter.facts, outcomes: meter.outcomes };
while (performance.now() - began < minutes * 60_000) {
  await new Promise((resolve) => setTimeout(resolve, sayEachMs));
  await say();
}
const ranForSeconds = (performance.now() - began) / 1_000;
const perSecond = (meter.facts - factsAtStart) / ranForSeconds;
for (const timer of timers) clearInterval(timer);
stop.abort();
await running;
const caughtUpMs = await timeToRest(store);
verdict();

async function sample(): Promise<void> {
  const at = (performance.now() - began) / 60_000;
  for (const [name, pid] of rollcall.pids()) {
    const cost = await costOf(pid);
    if (cost === undefined) continue;
    const memory = cost.memory / 1024 / 1024;
    samples.set(name, [...(samples.get(name) ?? []), { at, memory }]);
  }
}

async function say(): Promise<void> {
  const now = performance.now();
  const seconds = (now - before.at) / 1_000;
  const facts = (meter.facts - before.facts) / seconds;
  const outcomes = (meter.outcomes - before.outcomes) / seconds;
  before = { at: now, facts: meter.facts, outcomes: meter.outcomes };
  // The book is asked after the log was looked at, and may have come further by then.
  const behind = Math.max(0, meter.sequence - (await positionOf(store)));
  const [seen, read] = [await factLagMs(), [...samples].map(shownMemory).join(' ')];
  console.log(
    `${((now - began) / 60_000).toFixed(1)} min: ${facts.toFixed(0)} facts/s, ${outcomes.toFixed(0)} outcomes/s, ` +
      `write → log ${seen.toFixed(0)} ms, book ${behind} behind, ${churn.failed} refused; MB: ${read}`,
  );
}

function shownMemory([name, all]: readonly [string, readonly Sample[]]): string {
  return `${name} ${all.at(-1)?.memory.toFixed(0) ?? '?'}`;
}

/** From a write to the sight of it in the log. */
async function factLagMs(): Promise<number> {
  const ref = { kind: 'VirtualMachinePool', namespace: 'default', name: 'standing-0' };
  const body = { metadata: { annotations: { 'example.com/probe': `${performance.now()}` } } };
  const seen = meter.sees('standing-0');
  const asked = performance.now();
  await cluster.patch(ref, { type: 'merge', body });
  await Promise.race([seen, new Promise((resolve) => setTimeout(resolve, 5_000))]);
  return performance.now() - asked;
}

/** How long the book takes to come to the end of the log once the load is gone. */
async function timeToRest(of: Store): Promise<number> {
  const asked = performance.now();
  await until('the book to reach the end of the log', async () => {
    return (await positionOf(of)) >= meter.sequence;
  });
  return performance.now() - asked;
}

async function positionOf(of: Store): Promise<number> {
  const row = await of.db.selectFrom('book.standing').select('sequence').executeTakeFirst();
  return row?.sequence ?? 0;
}

function verdict(): void {
  const short =
    minutes < tellingMinutes ? `; under ${tellingMinutes} minutes a rise tells little` : '';
  console.log(`memory, low points after the warm-up${short}:`);
  const growing: string[] = [];
  for (const [name, all] of samples) {
    const { first, last, perMinute, flat } = slopeOf(all);
    const word = flat ? 'flat' : 'GROWS';
    if (!flat && judged.includes(name)) growing.push(name);
    console.log(
      `  ${name.padEnd(11)} ${sparkline(all.map(({ memory }) => memory))} ${first.toFixed(0).padStart(5)} → ${last.toFixed(0).padStart(5)} MB, ${perMinute.toFixed(2).padStart(6)} MB/min  ${word}`,
    );
  }
  const keptUp = perSecond >= rate * keptUpShare;
  const flatness = growing.length === 0 ? 'flat' : `grows: ${growing.join(', ')}`;
  console.log(
    `verdict: ${flatness}; ${keptUp ? 'kept up' : 'DID NOT KEEP UP'} with ${perSecond.toFixed(0)} of ${rate} facts/s for ` +
      `${(ranForSeconds / 60).toFixed(1)} min; the book was whole ${(caughtUpMs / 1_000).toFixed(1)} s after`,
  );
  if (growing.length > 0 || !keptUp) process.exitCode = 1;
}

/** The log is read as the recorder reads it, the only one besides the reconciler who may read it whole. */
async function connectionsOf({ home }: Rollcall) {
  const found = await stringsIn(join(home, 'cli.json'));
  const { recorder } = await stringsIn(join(home, 'secrets', 'nats-passwords.json'));
  const natsUrl = new URL(found['natsUrl'] ?? '');
  natsUrl.username = 'recorder';
  natsUrl.password = recorder ?? '';
  const { natsMonitorUrl = '', databaseUrl = '' } = found;
  return { natsUrl: natsUrl.href, natsMonitorUrl, databaseUrl };
}

async function stringsIn(file: string): Promise<Readonly<Record<string, string>>> {
  const found: Readonly<Record<string, string>> = JSON.parse(await readFile(file, 'utf8'));
  return found;
}
