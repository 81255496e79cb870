import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../../services/sandbox/launch/environment.mjs';
import { removeOutside } from '../../services/sandbox/launch/passable-folder.mjs';
import {
  isAlive,
  signalQuietly,
  stopProcess,
} from '../../services/sandbox/launch/process-table.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { runProgram } from './run-program.ts';
import type { ProgramOptions, ProgramResult } from './run-program.ts';
import { creationsIn, deletionTimesIn } from './sandbox-journal.ts';
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
  /** What the launcher has said since its last start. */
  output(): string;
  /** As Ctrl-C does; the data stay for `restart`. */
  stop(): Promise<void>;
  /** SIGKILL for the launcher and everything that it started. */
  killAll(): Promise<void>;
  restart(): Promise<void>;
  /** Names of the objects of a kind that the sandbox has ever made, in order, repeats included. */
  creations(kind: string): Promise<readonly string[]>;
  /** When the sandbox deleted objects of a kind: milliseconds since 1970 by uid. */
  deletionTimes(kind: string): Promise<ReadonlyMap<string, number>>;
};

export type RollcallOptions = {
  /** Arguments for the launcher. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

export async function startRollcall(options: RollcallOptions = {}): Promise<Rollcall> {
  const programs = await testPrograms();
  const temporary = await temporaryFolder('e2e');
  const home = join(temporary.path, 'home');
  const kubeconfig = join(home, 'kubeconfig');
  const env = {
    ...cleanEnvironment(process.env),
    ...options.env,
    ROLLCALL_HOME: home,
    ROLLCALL_BIN: programs.bin,
  };
  const output = join(temporary.path, 'launcher.log');
  const run = { env, output, args: options.args ?? [] };
  let launcher = await startLauncher(run);
  const stop = () => stopLauncher(launcher);
  const forget = () => {
    removeOutside(join(home, 'postgres'));
    rmSync(temporary.path, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', () => {
    killEverything(launcher, home);
    forget();
  });
  return {
    home,
    kubeconfig,
    kubectl: (args, more) =>
      runProgram(programs.kubectl, args, {
        ...more,
        cwd: repo,
        env: { ...env, KUBECONFIG: kubeconfig },
      }),
    rollcall: (args, more) =>
      runProgram(programs.node, [join(repo, 'services/cli/rollcall.mjs'), ...args], {
        ...more,
        cwd: repo,
        env,
      }),
    pids: () => pidsIn(home),
    output: () => readFileSync(output, 'utf8'),
    stop,
    killAll: async () => {
      const pids = killEverything(launcher, home);
      await until('all processes to be gone', () => !pids.some(isAlive));
    },
    restart: async () => {
      launcher = await startLauncher(run);
    },
    creations: (kind) => creationsIn(join(home, 'sandbox'), kind),
    deletionTimes: (kind) => deletionTimesIn(join(home, 'sandbox'), kind),
    [Symbol.asyncDispose]: async () => {
      await stop();
      forget();
    },
  };
}

type LauncherRun = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: string;
  readonly args: readonly string[];
};

async function startLauncher({ env, output, args }: LauncherRun): Promise<ChildProcess> {
  const log = openSync(output, 'w');
  const start = join(repo, 'services/sandbox/launch/start.mjs');
  const { node } = await testPrograms();
  const launcher = spawn(node, [start, ...args], { cwd: repo, env, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = () => launcher.exitCode !== null || launcher.signalCode !== null;
  const said = () => readFileSync(output, 'utf8');
  const ready = () => said().includes('Rollcall runs') || ended();
  await until('Rollcall to run', ready, { timeoutMs: 180_000 }).catch((error: unknown) => {
    launcher.kill('SIGTERM');
    throw new Error(`Rollcall did not start; it said:\n${said()}`, { cause: error });
  });
  if (ended()) throw new Error(`Rollcall did not start; it said:\n${said()}`);
  return launcher;
}

/** Each part has ten seconds to stop before it is killed, so the launcher has more. */
async function stopLauncher({ pid }: ChildProcess): Promise<void> {
  if (pid !== undefined) await stopProcess(pid, 'SIGINT', 60_000);
}

/** The launcher dies first, or it would start the others again. */
function killEverything(launcher: ChildProcess, home: string): readonly number[] {
  const alive = launcher.exitCode === null && launcher.signalCode === null;
  if (alive) launcher.kill('SIGKILL');
  const pids = [...pidsIn(home).values()];
  for (const pid of pids) signalQuietly(-pid, 'SIGKILL');
  return [...pids, ...(launcher.pid === undefined ? [] : [launcher.pid])];
}

function pidsIn(home: string): ReadonlyMap<string, number> {
  const folder = join(home, 'run');
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder).filter((name) => name.endsWith('.pid'));
  return new Map(
    files.map((file) => [
      file.slice(0, -'.pid'.length),
      Number(readFileSync(join(folder, file), 'utf8')),
    ]),
  );
}
