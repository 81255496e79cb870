import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GivenCluster } from '../../services/sandbox/launch/given-cluster.mjs';
import { cleanEnvironment } from '../../services/sandbox/launch/environment.mjs';
import { isAlive, stopProcess } from '../../services/sandbox/launch/process-table.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import {
  homeIn,
  killRollcall,
  launcherFileIn,
  partsIn,
  removeRollcall,
} from './rollcall-folder.ts';
import { runProgram } from './run-program.ts';
import type { ProgramOptions, ProgramResult } from './run-program.ts';
import { creationsIn, deletionTimesIn, writesIn } from './sandbox-journal.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

const repo = fileURLToPath(new URL('../..', import.meta.url));

type RunOptions = Pick<ProgramOptions, 'input' | 'mayFail'>;

/** Rollcall as `npm start` runs it, with a data folder of its own. */
export type Rollcall = AsyncDisposable & {
  readonly home: string;
  readonly kubeconfig: string;
  kubectl(args: readonly string[], options?: RunOptions): Promise<ProgramResult>;
  rollcall(args: readonly string[], options?: RunOptions): Promise<ProgramResult>;
  /** The numbers of the running processes, by name. */
  pids(): ReadonlyMap<string, number>;
  /** Where the gateway listens. */
  gateway(): string;
  /** What the launcher has said since its last start. */
  output(): string;
  /** As Ctrl-C does; the data stay for `restart`. */
  stop(): Promise<void>;
  /** SIGKILL for the launcher alone; what it started runs on. */
  killLauncher(): Promise<void>;
  /** SIGKILL for the launcher and everything that it started. */
  killAll(): Promise<void>;
  restart(): Promise<void>;
  /** Names of the objects of a kind that the sandbox has ever made, in order, repeats included. */
  creations(kind: string): Promise<readonly string[]>;
  /** How often the sandbox has written one object. */
  writes(kind: string, name: string): Promise<number>;
  /** When the sandbox deleted objects of a kind: milliseconds since 1970 by uid. */
  deletionTimes(kind: string): Promise<ReadonlyMap<string, number>>;
};

export type RollcallOptions = {
  /** Arguments for the launcher. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A cluster that runs already, in place of the sandbox; what looks into the sandbox's data is not to be had. */
  readonly cluster?: GivenCluster;
};

export async function startRollcall(options: RollcallOptions = {}): Promise<Rollcall> {
  const programs = await testPrograms();
  const folder = await newFolder();
  const home = homeIn(folder);
  const { cluster } = options;
  const kubeconfig = cluster?.kubeconfig ?? join(home, 'kubeconfig');
  const args = [...argumentsFor(cluster), ...(options.args ?? [])];
  const where = cluster?.context === undefined ? [] : ['--context', cluster.context];
  const env = {
    ...cleanEnvironment(process.env),
    ...options.env,
    ROLLCALL_HOME: home,
    ROLLCALL_BIN: programs.bin,
  };
  const start = () => startLauncher({ folder, env, args });
  let launcher = await start();
  return {
    home,
    kubeconfig,
    kubectl: (words, more) => {
      const kubectlEnv = { ...env, KUBECONFIG: kubeconfig };
      const line = [...where, ...words];
      return runProgram(programs.kubectl, line, { ...more, cwd: repo, env: kubectlEnv });
    },
    rollcall: (words, more) => {
      const shim = join(repo, 'services/cli/rollcall.mjs');
      return runProgram(programs.node, [shim, ...words], { ...more, cwd: repo, env });
    },
    pids: () => partsIn(folder),
    gateway: () => gatewayIn(said(folder)),
    output: () => said(folder),
    stop: () => stopLauncher(folder, launcher),
    killLauncher: () => stopProcess(pidOf(launcher), 'SIGKILL'),
    killAll: async () => {
      const pids = killRollcall(folder);
      await until('all processes to be gone', () => !pids.some(isAlive));
    },
    restart: async () => {
      launcher = await start();
    },
    creations: (kind) => creationsIn(join(home, 'sandbox'), kind),
    writes: (kind, name) => writesIn(join(home, 'sandbox'), { kind, name }),
    deletionTimes: (kind) => deletionTimesIn(join(home, 'sandbox'), kind),
    [Symbol.asyncDispose]: async () => {
      await stopLauncher(folder, launcher);
      removeRollcall(folder);
    },
  };
}

/** Never a mode: a cluster that is not ours is observed, and each set of a test says that it is managed. */
function argumentsFor(cluster: GivenCluster | undefined): readonly string[] {
  if (cluster === undefined) return [];
  const { kubeconfig, context, kubevirtControllers } = cluster;
  return [
    ...['--kubeconfig', kubeconfig, '--kubevirt-controllers', kubevirtControllers],
    ...(context === undefined ? [] : ['--context', context]),
  ];
}

/** The launcher names it in its welcome. */
function gatewayIn(words: string): string {
  const url = /gateway +(http:\S+)/.exec(words)?.[1];
  if (url === undefined) throw new Error('the launcher names no gateway');
  return url;
}

/** In a run of the e2e tests all folders are in one place, which goes with the run. */
async function newFolder(): Promise<string> {
  const place = process.env['ROLLCALL_E2E_FOLDER'];
  if (place === undefined) return (await temporaryFolder('run')).path;
  const folder = join(place, randomBytes(4).toString('hex'));
  mkdirSync(folder, { mode: 0o711 });
  return folder;
}

type LauncherStart = {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly args: readonly string[];
};

async function startLauncher({ folder, env, args }: LauncherStart): Promise<ChildProcess> {
  const { node } = await testPrograms();
  const log = openSync(join(folder, 'launcher.log'), 'w');
  const script = join(repo, 'services/sandbox/launch/start.mjs');
  const launcher = spawn(node, [script, ...args], {
    cwd: repo,
    env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  writeFileSync(launcherFileIn(folder), `${launcher.pid}\n`);
  const ended = () => launcher.exitCode !== null || launcher.signalCode !== null;
  const failed = (cause?: unknown) =>
    new Error(`Rollcall did not start; it said:\n${said(folder)}`, { cause });
  try {
    const ready = () => said(folder).includes('Rollcall runs') || ended();
    await until('Rollcall to run', ready, { timeoutMs: 180_000 });
  } catch (error) {
    throw failed(error);
  }
  if (ended()) throw failed();
  return launcher;
}

function said(folder: string): string {
  return readFileSync(join(folder, 'launcher.log'), 'utf8');
}

/** Each part has ten seconds to stop before it is killed, so the launcher has more. */
async function stopLauncher(folder: string, launcher: ChildProcess): Promise<void> {
  await stopProcess(pidOf(launcher), 'SIGINT', 60_000);
  rmSync(launcherFileIn(folder), { force: true });
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the launcher has no process');
  return pid;
}
