import type { TestProject } from 'vitest/node';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { startNats } from './start-nats.ts';
import { startPostgres } from './start-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly natsUrl: string;
    readonly natsMonitorUrl: string;
    /** The owner's address; a test makes a database of its own there with `createDatabase`. */
    readonly postgresUrl: string;
  }
}

/** One NATS and one Postgres for all integration tests of a run; `inject` tells their addresses. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  process.env['ROLLCALL_BIN'] = (await testPrograms()).bin;
  const [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  project.provide('natsUrl', nats.url);
  project.provide('natsMonitorUrl', nats.monitorUrl);
  project.provide('postgresUrl', postgres.url);
  return async () => {
    await Promise.all([nats.stop(), postgres.stop()]);
  };
}
