import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { example } from './desk.ts';
import type { Desk } from './desk.ts';

const here = '--namespace lab-user4';
const set = 'vmirs/lab05-cirros-replicaset';

/** The lab on replica sets: one instance, load on it, a second one. `virtctl console` is left out. */
export function lab(desk: Desk): void {
  const create = async (file: string) => {
    const text = example(file, (yaml) => yaml);
    return desk.type(`kubectl create ${here} -f -`, text);
  };
  const instances = () => desk.names('vmi', here);

  describe('the lab', () => {
    test('makes two instances and scales to one', async () => {
      await desk.type('kubectl create namespace lab-user4');
      await create('lab05-cirros-replicaset.yaml');
      await desk.settled(set, here, 2);
      expect(await desk.type(`kubectl get vmirs ${here}`)).toMatch(
        /^NAME +DESIRED +CURRENT +READY +AGE\nlab05-cirros-replicaset +2 +2 +2 +\S+\n$/,
      );
      await desk.type(`kubectl scale vmirs lab05-cirros-replicaset --replicas 1 ${here}`);
      await desk.settled(set, here, 1);
      expect((await instances()).join()).toMatch(/^lab05-cirros-replicaset[a-z0-9]{5}$/);
    });

    test('shows what the pods use', async () => {
      await until('measures', async () => {
        const table = await desk.type(`kubectl top pod ${here}`);
        return /^NAME +CPU\(cores\) +MEMORY\(bytes\) *\nvirt-launcher-lab05-cirros-replicaset\S+ +\d+m +\d+Mi/.test(
          table,
        );
      });
    });

    test('shows the share of the request that is used beside the target', async () => {
      await create('lab05-cirros-replicaset-hpa.yaml');
      const shown = async (part: RegExp) => part.test(await desk.type(`kubectl get hpa ${here}`));
      await until('the idle share', () =>
        shown(
          /NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE\nlab05-cirros-replicaset +VirtualMachineInstanceReplicaSet\/lab05-cirros-replicaset +cpu: \d%\/75% +1 +2 +1 /,
        ),
      );
    });

    test('starts a second instance under load', async () => {
      await using watch = desk.follow(`kubectl get hpa lab05-cirros-replicaset ${here} -w`);
      const [name = ''] = await instances();
      await desk.type(`kubectl annotate vmi ${name} sandbox.rollcall.dev/cpu=283m ${here}`);
      await desk.settled(set, here, 2);
      await until('the watch to tell', () => /cpu: \d+%\/75% +1 +2 +2 /.test(watch.said()));
      expect(watch.said()).toContain('cpu: 283%/75%');
      expect(await instances()).toHaveLength(2);
    });

    test('keeps both for a while when the load is gone', async () => {
      const [loaded] = (
        await desk.type(
          `kubectl get vmi ${here} -o jsonpath='{range .items[?(@.metadata.annotations.sandbox\\.rollcall\\.dev/cpu)]}{.metadata.name}{end}'`,
        )
      ).split('\n');
      await desk.type(`kubectl annotate vmi ${loaded} sandbox.rollcall.dev/cpu- ${here}`);
      await until('the wish to shrink to be held', async () =>
        /AbleToScale +True +ScaleDownStabilized/.test(
          await desk.type(`kubectl describe hpa lab05-cirros-replicaset ${here}`),
        ),
      );
      expect(await desk.sizes(set, here)).toBe('2/2/2');
    });

    test('is cleaned up by deleting the set and its autoscaler', async () => {
      await desk.type(`kubectl delete vmirs lab05-cirros-replicaset ${here}`);
      await desk.type(`kubectl delete hpa lab05-cirros-replicaset ${here}`);
      await until('no instance', async () => (await instances()).length === 0);
    });
  });
}
