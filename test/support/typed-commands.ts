import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../../services/sandbox/launch/environment.mjs';
import { kubectlOfVersion } from './kubectl-versions.ts';
import { runProgram } from './run-program.ts';
import type { ProgramResult } from './run-program.ts';
import type { Rollcall } from './start-rollcall.ts';

const repo = fileURLToPath(new URL('../..', import.meta.url));

/** A line as a person types it in the project's folder, with one of the packaged kubectl on the PATH. */
export type Typing = {
  /** What the line says on stdout; throws when it fails. */
  type(line: string, input?: string): Promise<string>;
  /** The same, where a failure is what is looked for. */
  attempt(line: string, input?: string): Promise<ProgramResult>;
  /** Starts a line that runs on, such as a watch, until it is disposed of. */
  follow(line: string): Following;
};

export type Following = {
  /** What it has said so far. */
  said(): string;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function typingOn(rollcall: Rollcall, minor: '32' | '36'): Promise<Typing> {
  const folder = join(rollcall.home, `kubectl-1.${minor}`);
  mkdirSync(folder, { recursive: true });
  symlinkSync(await kubectlOfVersion(minor), join(folder, 'kubectl'));
  const clean = cleanEnvironment(process.env);
  const env = {
    ...clean,
    KUBECONFIG: rollcall.kubeconfig,
    PATH: `${folder}${delimiter}${clean['PATH'] ?? ''}`,
  };
  const run = (line: string, input: string | undefined, mayFail: boolean) => {
    const given = input === undefined ? {} : { input };
    return runProgram('bash', ['-c', line], { cwd: repo, env, mayFail, ...given });
  };
  return {
    type: async (line, input) => (await run(line, input, false)).stdout,
    attempt: (line, input) => run(line, input, true),
    follow: (line) => following(line, env),
  };
}

function following(line: string, env: Readonly<Record<string, string | undefined>>): Following {
  // Bash makes room for the program, so that the signal reaches it.
  const child = spawn('bash', ['-c', `exec ${line}`], {
    cwd: repo,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return {
    said: () => said,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
