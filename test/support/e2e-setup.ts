import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';

/** Fetches the programs once, so that no test's time is spent on it. */
export async function setup(): Promise<void> {
  await testPrograms();
}
