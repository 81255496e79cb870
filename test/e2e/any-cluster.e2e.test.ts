import { afterAll, beforeAll, describe } from 'vitest';
import { givenCluster } from '../../services/sandbox/launch/given-cluster.mjs';
import { startPlainSandbox } from '../support/plain-sandbox.ts';
import { neighbours } from './any-cluster/neighbours.ts';
import { Place } from './any-cluster/place.ts';
import { poolStory } from './any-cluster/pools.ts';
import { replicaSetStory } from './any-cluster/replica-sets.ts';

/*
 * The core of the story on a cluster that Rollcall did not make: the one of ROLLCALL_E2E_KUBECONFIG, and
 * otherwise a bare API server, on which nobody but Rollcall makes anything of sets, machines and disks.
 */

const place = new Place();
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  const given = givenCluster(process.env);
  const cluster = given ?? {
    ...stack.use(await startPlainSandbox({ ROLLCALL_SANDBOX_CONTROLLERS: 'kubernetes' })),
    kubevirtControllers: 'running',
  };
  await place.open(cluster);
  for (const missing of place.leftOut()) console.warn(`left out: ${missing}`);
}, 280_000);

afterAll(async () => {
  await place.close();
  await stack.disposeAsync();
}, 400_000);

describe('on a cluster that is not ours', () => {
  poolStory(place);
  replicaSetStory(place);
  neighbours(place);
});
