import { describe, expect, test } from 'vitest';
import { compareText } from '#shared/lib/order.ts';
import { smallPool } from '../../support/small-machines.ts';
import { diskName, ensureDisk } from './disks.ts';
import type { Place, Row } from './place.ts';

const pool = 'web';

/** One pool from its first member to its last, each with a disk. The tests build on each other. */
export function poolStory(place: Place): void {
  let namespace: string;

  const members = (...ordinals: readonly number[]) =>
    place.has(
      'virtualmachines',
      namespace,
      ordinals.map((ordinal) => `${pool}-${ordinal}`),
    );
  const scale = (size: number) =>
    place.kubectl(`scale vmpool ${pool} -n ${namespace} --replicas ${size}`);
  const disksOf = async (...ordinals: readonly number[]) => {
    for (const ordinal of ordinals) {
      await ensureDisk(place, { namespace, name: `${pool}-${ordinal}` });
    }
  };
  const lost = async () =>
    (await place.rows(`deleted-volumes -n ${namespace}`)).filter((row) => row['goneAt'] !== null);

  describe('a pool', () => {
    test('of none grows to three, in order', async () => {
      namespace = await place.newNamespace();
      const { abilities, kubevirtControllers } = place;
      const disk = abilities.servesDataVolumes ? diskName : undefined;
      const version = abilities.poolVersion;
      const own = { name: pool, namespace, version, disk, kubevirtControllers };
      await place.create(smallPool({ ...own, replicas: 0, mode: 'manage' }));
      await place.comes('the pool in the book', async () => {
        return (await place.rows(`sets -n ${namespace}`)).some((row) => row['set'] !== undefined);
      });
      await scale(3);
      await members(0, 1, 2);
    });

    test('has machines that become ready', async ({ skip }) => {
      skip(!place.abilities.readiesMachines, 'nothing makes VMs ready here');
      const path = `jsonpath={.items[*].status.printableStatus}`;
      await place.comes('three running machines', async () => {
        const said = await place.kubectl(`get virtualmachines -n ${namespace} -o ${path}`);
        return said === 'Running Running Running';
      });
    });

    test('grows to five', async () => {
      await disksOf(0, 1, 2);
      await scale(5);
      await members(0, 1, 2, 3, 4);
      await disksOf(3, 4);
    });

    test('gets a deleted member back under its name with a new uid', async () => {
      const first = `virtualmachine/${pool}-0`;
      const before = await place.uid(first, namespace);
      await place.kubectl(`delete ${first} -n ${namespace} --wait=false`);
      await place.comes('a new uid', async () => {
        return !['', before].includes(await place.uid(first, namespace));
      });
      await disksOf(0);
    });

    test('shrinks to two, highest ordinals first, and their disks stand in the book before they go', async () => {
      await scale(2);
      await members(0, 1);
      await place.has('persistentvolumeclaims', namespace, [`${diskName}-0`, `${diskName}-1`]);
      await place.comes('four lost disks in the book', async () => (await lost()).length === 4);
      const shrunk = (await lost()).filter((row) => String(row['cause']).includes('5 → 2'));
      expect(shrunk.map((row) => String(row['member'])).toSorted(compareText)).toEqual(
        [2, 3, 4].map((ordinal) => `${pool}-${ordinal}`),
      );
      for (const { recordedAt, goneAt } of shrunk) {
        expect(Date.parse(String(recordedAt))).toBeLessThan(Date.parse(String(goneAt)));
      }
    });

    test('stands in the book with each change', async () => {
      const history = () => place.rows(`history vmpool/${pool} -n ${namespace}`);
      await place.comes('five finished rows', async () => {
        const rows = await history();
        return rows.length >= 5 && rows.every((row) => row['finishedAt'] !== null);
      });
      expect((await history()).map(inShort)).toEqual([
        'created null → 0',
        'scaled 0 → 3',
        'scaled 3 → 5',
        expect.stringMatching(/^member-replaced/),
        'scaled 5 → 2',
      ]);
    });

    test('that is deleted leaves nothing', async () => {
      await place.kubectl(`delete vmpool ${pool} -n ${namespace} --wait=false`);
      const { servesDataVolumes } = place.abilities;
      const kinds = ['vmpool', 'vm', 'vmi', 'pvc', ...(servesDataVolumes ? ['datavolumes'] : [])];
      await place.has(kinds.join(','), namespace, []);
      await place.comes('its revisions to go', async () => {
        return (await place.names('controllerrevisions', namespace)).length === 0;
      });
      await place.comes('six lost disks', async () => (await lost()).length === 6);
      const rows = await place.rows(`history vmpool/${pool} -n ${namespace}`);
      expect(rows.map(inShort).at(-1)).toMatch(/^deleted/);
    });
  });
}

function inShort({ operation, from, to }: Row): string {
  return `${operation} ${from} → ${to}`;
}
