import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { givenCluster } from '../../services/sandbox/launch/given-cluster.mjs';
import type { GivenCluster } from '../../services/sandbox/launch/given-cluster.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { kubectlFor, removeNamespaces } from './own-namespaces.ts';
import { removeRollcall } from './rollcall-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * Fetches the programs once, so that no test's time is spent on it, and gives all data folders one
 * place. What a test that failed, or was ended, left running there is ended with the run, and so are its
 * namespaces on a cluster that was given.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await testPrograms();
  const folder = await temporaryFolder('e2e');
  process.env['ROLLCALL_E2E_FOLDER'] = folder.path;
  const cluster = project.name === 'e2e' ? givenCluster(process.env) : undefined;
  const run = randomBytes(4).toString('hex');
  process.env['ROLLCALL_E2E_RUN'] = run;
  if (cluster !== undefined) sayWhatIsLeftOut(cluster);
  return async () => {
    for (const name of readdirSync(folder.path)) removeRollcall(join(folder.path, name));
    await folder.remove();
    // Nobody lets members go any more.
    const left = { run, patienceMs: 2_000 };
    if (cluster !== undefined) await removeNamespaces(await kubectlFor(cluster), left);
  };
}

const tests = fileURLToPath(new URL('../e2e', import.meta.url));

function sayWhatIsLeftOut({ kubeconfig, context }: GivenCluster): void {
  const names = readdirSync(tests).filter((name) => name.endsWith('.e2e.test.ts'));
  const others = names.filter((name) => name !== 'any-cluster.e2e.test.ts');
  const where = context === undefined ? kubeconfig : `${kubeconfig} (${context})`;
  console.warn(`on the cluster of ${where}, in namespaces rollcall-e2e-* of its own`);
  console.warn(`left out, as they need the sandbox: ${others.join(', ')}`);
}
