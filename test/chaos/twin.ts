import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { signalQuietly, stopProcess } from '../../services/sandbox/launch/process-table.mjs';
import type { Drill } from './drill.ts';

/** A second process of a service, started by hand beside the launcher's. */
export type Twin = AsyncDisposable & {
  /** What it has logged. */
  log(): string;
  readonly exitCode: number | null;
};

/** Has the command and the environment of the one that runs, which only Linux shows, but for `otherwise`. */
export function startTwin(
  drill: Drill,
  part: string,
  otherwise: Readonly<Record<string, string>> = {},
): Twin {
  const pid = drill.pid(part);
  if (pid === undefined) throw new Error(`${part} does not run`);
  const [file = '', ...args] = listIn(`/proc/${pid}/cmdline`);
  const env = Object.fromEntries(
    listIn(`/proc/${pid}/environ`).map((entry) => {
      const end = entry.indexOf('=');
      return [entry.slice(0, end), entry.slice(end + 1)];
    }),
  );
  // A mark of its own: the launcher must not take it for the one that it started.
  const own = { ...env, ...otherwise, ROLLCALL_PROCESS: `${env['ROLLCALL_PROCESS']}-twin` };
  const path = join(drill.rollcall.home, 'log', `${part}-twin.log`);
  const log = openSync(path, 'a');
  const child = spawn(file, args, { env: own, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  return {
    log: () => readFileSync(path, 'utf8'),
    get exitCode() {
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      if (child.pid !== undefined && !hasEnded(child)) await stopProcess(child.pid, 'SIGTERM');
    },
  };
}

/** Stops a part as a long pause of its machine would; what it holds stays with it until it goes on. */
export function suspend(drill: Drill, part: string): { readonly pid: number; resume(): void } {
  const pid = drill.pid(part);
  if (pid === undefined) throw new Error(`${part} does not run`);
  signalQuietly(pid, 'SIGSTOP');
  return { pid, resume: () => signalQuietly(pid, 'SIGCONT') };
}

function listIn(file: string): readonly string[] {
  return readFileSync(file, 'utf8').split('\0').filter(Boolean);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
