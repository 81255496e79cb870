import { defineConfig } from 'vitest/config';

/** On a cluster that is given, only the tests that touch nothing but namespaces of their own. */
const endToEnd = process.env['ROLLCALL_E2E_KUBECONFIG'] ? 'any-cluster' : '**/*';

/** No retries anywhere: a test that passes only sometimes is a fault to find. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{services,shared,migrations}/**/*.test.ts'],
          testTimeout: 5_000,
          // The files share their modules, which hold no state: loading them for each file anew took
          // more time than the tests.
          isolate: false,
          maxWorkers: 2,
          setupFiles: ['test/support/property-seed.ts'],
        },
      },
      { test: { name: 'tidy', include: ['test/tidy.test.ts'] } },
      {
        test: {
          name: 'simulation',
          include: ['test/simulation/*.sim.test.ts'],
          testTimeout: 120_000,
          // One of them uses all cores by itself, the others one each.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/integration-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Most of their time is spent in waiting for servers.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.chaos.test.ts'],
          globalSetup: ['test/support/e2e-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Drills wait more than they work, so two at a time are not slower than one.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: [`test/e2e/${endToEnd}.e2e.test.ts`],
          globalSetup: ['test/support/e2e-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Each file has a fleet of its own, which waits more than it works.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
