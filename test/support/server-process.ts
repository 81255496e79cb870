import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { stopProcess } from '../../services/sandbox/launch/process-table.mjs';
import type { ServerCommand } from '../../services/sandbox/launch/postgres-server.mjs';
import { until } from './until.ts';

export type ServerProcess = {
  readonly pid: number;
  stop(): Promise<void>;
};

export type ServerStart = {
  readonly name: string;
  readonly command: ServerCommand;
  readonly logFile: string;
  readonly stopSignal: NodeJS.Signals;
  readonly ready: (pid: number) => boolean | Promise<boolean>;
};

/** Starts a server in a process group of its own and waits until it answers. */
export async function startServer(start: ServerStart): Promise<ServerProcess> {
  const { file, args, ...where } = start.command;
  const log = openSync(start.logFile, 'a');
  const child = spawn(file, args, { ...where, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let failure: string | undefined;
  child.once('error', (error) => (failure = error.message));
  const ended = (): string => (failure ??= readFileSync(start.logFile, 'utf8').slice(-2_000));
  child.once('exit', ended);
  const { pid } = child;
  await until(`${start.name} to be ready`, async () => {
    return failure !== undefined || (pid !== undefined && (await start.ready(pid)));
  });
  if (failure !== undefined || pid === undefined) {
    throw new Error(`${start.name} did not start: ${failure ?? 'it has no process'}`);
  }
  // Later its end is not ours to explain, and its log may be gone by then.
  child.off('exit', ended);
  return { pid, stop: () => stopProcess(pid, start.stopSignal) };
}
