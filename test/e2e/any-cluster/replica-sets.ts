import { describe, test } from 'vitest';
import { smallReplicaSet } from '../../support/small-machines.ts';
import type { Place } from './place.ts';

const set = 'batch';

/** Instances are made by the replica set's controller itself, so this needs nobody else. */
export function replicaSetStory(place: Place): void {
  let namespace: string;

  const list = () => place.names('virtualmachineinstances', namespace);
  const sized = (size: number) =>
    place.comes(`${size} instances`, async () => (await list()).length === size);
  const scale = (size: number) =>
    place.kubectl(`scale vmirs ${set} -n ${namespace} --replicas ${size}`);

  describe('a replica set', () => {
    test('goes from two to five to one', async () => {
      namespace = await place.newNamespace();
      const { kubevirtControllers } = place;
      const own = { name: set, namespace, kubevirtControllers };
      await place.create(smallReplicaSet({ ...own, replicas: 2, mode: 'manage' }));
      await sized(2);
      await scale(5);
      await sized(5);
      await scale(1);
      await sized(1);
    });

    test('replaces a deleted instance', async () => {
      const [before = ''] = await list();
      await place.kubectl(`delete vmi ${before} -n ${namespace} --wait=false`);
      await place.comes('another in its place', async () => {
        const now = await list();
        return now.length === 1 && now[0] !== before;
      });
    });

    test('stands in the book with each change', async () => {
      await place.comes('each change', async () => {
        const rows = await place.rows(`history vmirs/${set} -n ${namespace}`);
        const sizes = rows.map(({ operation, from, to }) => `${operation} ${from} → ${to}`);
        const all = ['created null → 2', 'scaled 2 → 5', 'scaled 5 → 1'];
        return all.every((one) => sizes.includes(one));
      });
    });

    test('that is deleted leaves nothing', async () => {
      await place.kubectl(`delete vmirs ${set} -n ${namespace} --wait=false`);
      await place.has('vmirs,vmi', namespace, []);
    });
  });
}
