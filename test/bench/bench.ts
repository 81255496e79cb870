import { resolve } from 'node:path';
import { tmpdir } from 'node:os';
import { commandOptions, wholeNumber } from '../support/command-options.ts';
import { diskRows } from './disk.ts';
import { firstCreateRows } from './first-create.ts';
import { growthRows } from './growth.ts';
import { startPlainSandbox } from '../support/plain-sandbox.ts';
import { rawRates, rawRows } from './raw-rate.ts';
import type { RawRates } from './raw-rate.ts';
import { restart } from './restart.ts';
import { print } from './rows.ts';
import type { Row } from './rows.ts';
import { scaleOutRows } from './scale-out.ts';
import { openNamespace, openPlainConnection, openRealStage, openSandboxStage } from './stage.ts';
import type { Stage, Target } from './stage.ts';

/**
 * What Rollcall does in a second, everything durable, beside what the API server under it does alone. No
 * test: a busy machine gives worse numbers, and the disk's fsync time stands first because it flatters or
 * ruins them all.
 */
const values = commandOptions({
  size: { type: 'string', default: '1000' },
  patches: { type: 'string', default: '100' },
  /** A real API server, in a namespace of the bench's own; the sandbox when left out. */
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  /** Whether KubeVirt's own replica controllers run there. */
  'kubevirt-controllers': { type: 'string', default: 'running' },
  /** Restarts of the reconciler at 10 000 and 100 000 objects instead. */
  restart: { type: 'boolean', default: false },
});
const size = wholeNumber('size', values.size);
const patches = wholeNumber('patches', values.patches);

if (values.restart) {
  print([...(await diskRows(tmpdir())), ...(await restart(10_000)), ...(await restart(100_000))]);
} else {
  const disk = await diskRows(tmpdir());
  const ours = values.kubeconfig === undefined ? await onSandbox() : await onCluster(targetIn());
  say('a log of 10 000 objects is written and read again');
  const replay = await restart(10_000);
  say('a hundred thousand machines are thought of');
  print([...disk, ...ours, ...replay, ...growthRows()]);
}
process.exit(0);

async function onSandbox(): Promise<readonly Row[]> {
  say('the raw rate of the sandbox');
  const raw = await rawRateOfSandbox();
  say('Rollcall on the sandbox');
  await using stage = await openSandboxStage();
  return await measured(stage, raw);
}

async function rawRateOfSandbox(): Promise<RawRates> {
  await using sandbox = await startPlainSandbox();
  await using connection = await openPlainConnection(sandbox);
  return await rawRates(connection, { namespace: 'default', count: size });
}

async function onCluster(target: Target): Promise<readonly Row[]> {
  await using connection = await openPlainConnection(target);
  await using namespace = await openNamespace(connection);
  say(`the raw rate of the cluster, in the namespace ${namespace.name}`);
  const raw = await rawRates(connection, { namespace: namespace.name, count: size });
  say('Rollcall on the cluster: it observes all and manages only the pools of the bench');
  await using stage = await openRealStage(target, namespace.name);
  return await measured(stage, raw);
}

async function measured(stage: Stage, raw: RawRates): Promise<readonly Row[]> {
  say(`${patches} patches, then a scale-out to ${size}`);
  return [
    ...rawRows(raw),
    ...(await firstCreateRows(stage, patches)),
    ...(await scaleOutRows(stage, { size, raw })),
  ];
}

function targetIn(): Target {
  const controllers = values['kubevirt-controllers'];
  const kubeconfig = resolve(process.env['INIT_CWD'] ?? '.', values.kubeconfig ?? '');
  return { kubeconfig, context: values.context, kubevirtControllers: controllers };
}

function say(line: string): void {
  console.log(`… ${line}`);
}
