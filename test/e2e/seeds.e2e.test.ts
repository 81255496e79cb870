import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cautions } from './seeds/cautions.ts';
import { everydayCommands } from './seeds/commands.ts';
import { databases } from './seeds/databases.ts';
import { Desk, examples } from './seeds/desk.ts';
import { guideToPools } from './seeds/guide.ts';
import { lab } from './seeds/lab.ts';
import { loadOnMachines, sizesByLoad } from './seeds/sizes.ts';

/*
 * What KubeVirt's users read about replica sets and pools, typed as it is printed there, by two releases of
 * kubectl, on one Rollcall with everything that runs. The stories have a namespace each. Load is put on at
 * the start, because an autoscaler waits a minute before it believes it.
 */

const desk = new Desk();

beforeAll(() => desk.open(), 240_000);
afterAll(() => desk.close(), 60_000);

describe('the manifests', () => {
  // The namespaces come first, as a reader would type them.
  const files = readdirSync(examples).toSorted((left, right) => {
    return Number(right === 'namespaces.yaml') - Number(left === 'namespaces.yaml');
  });

  test.each(files)('%s is taken by kubectl 1.36, and is nothing new to 1.32', async (file) => {
    const specs = () =>
      desk.type(`kubectl get -f ${examples}/${file} -o jsonpath='{.spec}{.items[*].spec}'`);
    const apply = `kubectl apply -f ${examples}/${file}`;
    expect(await desk.young.type(apply)).toMatch(/^(\S+ created\n)+$/);
    const made = await specs();
    // A creationTimestamp of null is a change to kubectl each time.
    expect(await desk.old.type(apply)).toMatch(/^(\S+ (unchanged|configured)\n)+$/);
    expect(await specs()).toBe(made);
  });

  test('make every machine that they ask for', async () => {
    await desk.settled('vmpool/vm-pool-cirros', '', 3);
    await desk.settled('vmpool/my-vm-pool', '', 3);
    await desk.settled('vmpool/postgres-cluster', '-n databases', 3);
    await desk.settled('vmirs/my-vmirs', '', 3);
    await desk.settled('vmirs/lab05-cirros-replicaset', '', 2);
    await desk.settled('vmirs/vmi-cirros-replicaset', '', 2);
    await desk.settled('vmirs/batch-workers', '-n compute', 5);
  });

  loadOnMachines(desk);
});

guideToPools(desk);
everydayCommands(desk);
databases(desk);
lab(desk);
cautions(desk);
sizesByLoad(desk);
