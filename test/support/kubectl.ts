import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

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

/** The command is split at spaces; quotes are not understood. */
export function kubectlOn({ program, kubeconfig, home }: KubectlAccess): Kubectl {
  const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: home };
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
