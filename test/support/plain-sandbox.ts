import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sandboxIsReady } from '../../services/sandbox/launch/sandbox-ready.mjs';
import { startServer } from './server-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const repo = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The sandbox's API server with nothing else around it, in a process of its own as ever. `more` are settings
 * of its own.
 */
export async function startPlainSandbox(
  more: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable & { readonly kubeconfig: string }> {
  const folder = await temporaryFolder('raw');
  const kubeconfig = join(folder.path, 'kubeconfig');
  const env = {
    ROLLCALL_SANDBOX_DIR: folder.path,
    ROLLCALL_SANDBOX_KUBECONFIG: kubeconfig,
    ROLLCALL_SANDBOX_AUTHORIZATION: 'RBAC',
    ...more,
  };
  const main = join(repo, 'services/sandbox/main.ts');
  const server = await startServer({
    name: 'sandbox',
    command: { file: process.execPath, args: [main], cwd: repo, env },
    logFile: join(folder.path, 'sandbox.log'),
    stopSignal: 'SIGTERM',
    ready: () => sandboxIsReady(kubeconfig),
  });
  return {
    kubeconfig,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await folder.remove();
    },
  };
}
