import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { removeRollcall } from './rollcall-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * Fetches the programs once, so that no test's time is spent on it, and gives all data folders one
 * place. What a test that failed, or was ended, left running there is ended with the run.
 */
export async function setup(): Promise<() => Promise<void>> {
  await testPrograms();
  const folder = await temporaryFolder('e2e');
  process.env['ROLLCALL_E2E_FOLDER'] = folder.path;
  return async () => {
    for (const name of readdirSync(folder.path)) removeRollcall(join(folder.path, name));
    await folder.remove();
  };
}
