import { expect, test } from 'vitest';
import type { Cluster } from '#shared/cluster/cluster.ts';
import { readLiveSets } from './live-sets.ts';

function clusterOf(...places: readonly (readonly [string, string])[]): Pick<Cluster, 'list'> {
  const items = places.map(([namespace, name]) => ({ metadata: { namespace, name, uid: name } }));
  return {
    list: async (kind) => ({
      ok: true,
      value: { items: kind === 'VirtualMachinePool' ? items : [], resourceVersion: '1' },
    }),
  };
}

test('sets stand by namespace, then by name, also where one namespace begins as another does', async () => {
  const cluster = clusterOf(['team-a', 'one'], ['team', 'two'], ['team', 'three']);
  const sets = await readLiveSets(cluster, { namespace: undefined, set: undefined });
  expect(sets.map(({ namespace, name }) => `${namespace} ${name}`)).toEqual([
    'team three',
    'team two',
    'team-a one',
  ]);
});
