import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fieldManager, modeAnnotation, poolFinalizer } from '#shared/contract/words.ts';
import { smallPool } from '../../support/small-machines.ts';
import type { Place } from './place.ts';

const metaSchema = z.looseObject({
  metadata: z.looseObject({
    finalizers: z.array(z.string()).default([]),
    annotations: z.record(z.string(), z.string()).default({}),
    managedFields: z.array(z.looseObject({ manager: z.string() })).default([]),
  }),
});

/** What Rollcall leaves alone, what it hands back, and what it says of the cluster. */
export function neighbours(place: Place): void {
  let namespace: string;

  const make = async (name: string, mode: 'observe' | 'manage') => {
    const { abilities, kubevirtControllers } = place;
    const version = abilities.poolVersion;
    const own = { name, namespace, version, kubevirtControllers };
    await place.create(smallPool({ ...own, replicas: 1, mode }));
  };
  const look = async (object: string) => {
    const text = await place.kubectl(
      `get ${object} -n ${namespace} -o json --show-managed-fields=true`,
    );
    return metaSchema.parse(JSON.parse(text)).metadata;
  };

  describe('beside other sets', () => {
    test('a set that nobody has handed over is watched and never touched', async () => {
      namespace = await place.newNamespace();
      await make('others', 'observe');
      await make('ours', 'manage');
      await place.has('virtualmachines', namespace, ['ours-0']);
      const operations = async () =>
        (await place.rows(`history vmpool/others -n ${namespace}`)).map((row) => row['operation']);
      await place.comes('its creation in the book', async () => {
        return (await operations()).includes('created');
      });
      const { managedFields } = await look('vmpool/others');
      expect(managedFields.map(({ manager }) => manager)).not.toContain(fieldManager);
    });

    test('a set that is handed back keeps its machines, and nothing of Rollcall holds them', async () => {
      await place.rollcall.rollcall(['release', 'vmpool/ours', '-n', namespace, '--yes']);
      expect((await look('virtualmachine/ours-0')).finalizers).not.toContain(poolFinalizer);
      expect((await look('vmpool/ours')).annotations[modeAnnotation]).toBe('observe');
      await place.kubectl(`delete vmpool ours -n ${namespace} --wait=false --cascade=orphan`);
      await place.kubectl(`delete virtualmachine ours-0 -n ${namespace} --wait=false`);
      await place.has('vm,vmi', namespace, []);
    });

    test('doctor finds nothing wrong with how Rollcall runs here', async () => {
      const { stdout } = await place.rollcall.rollcall(['doctor', '-o', 'json'], { mayFail: true });
      const findings = findingsSchema.parse(JSON.parse(stdout));
      const troubles = findings.filter(({ level, check }) => level === 'fail' && own.has(check));
      expect(troubles).toEqual([]);
    });

    test('the chain of the book is whole', async () => {
      const { stdout } = await place.rollcall.rollcall(['verify']);
      expect(stdout).toMatch(/^whole: \d+ entries/);
    });
  });
}

const findingsSchema = z.array(z.looseObject({ level: z.string(), check: z.string() }));

/** Other checks may rightly find fault with sets that are not ours. */
const own = new Set(['durable log', 'services', 'mode', 'rights', "KubeVirt's controllers"]);
