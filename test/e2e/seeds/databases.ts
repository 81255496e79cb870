import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { example } from './desk.ts';
import type { Desk, Row } from './desk.ts';

const here = '-n databases';
const pool = 'vmpool/postgres-cluster';

/** What is said of pools with disks: their names, their updates, and what a smaller pool loses. */
export function databases(desk: Desk): void {
  const disks = () => desk.names('pvc', here);
  const scale = (size: number) =>
    desk.type(`kubectl scale vmpool postgres-cluster --replicas=${size} ${here}`);

  describe('a pool with disks', () => {
    test('grows by the load on its machines, for as long as an autoscaler asks for it', async () => {
      await until('a size of five', async () => (await desk.sizes(pool, here)) === '5/5/5');
      expect(await disks()).toEqual(disksOf(0, 1, 2, 3, 4));
      await desk.type(`kubectl delete hpa postgres-hpa ${here}`);
    });

    test('loses the highest numbers with their disks when it is made smaller', async () => {
      const doomed = await claimUids(desk, disksOf(3, 4));
      const { stderr } = await desk.old.attempt(
        `kubectl scale vmpool postgres-cluster --replicas=3 ${here}`,
      );
      for (const disk of disksOf(3, 4)) expect(stderr).toContain(disk);
      await desk.settled(pool, here, 3);
      await until('the disks to be gone', async () => (await disks()).length === 6);
      expect(await disks()).toEqual(disksOf(0, 1, 2));
      expect(await desk.names('datavolumes', here)).toEqual(disksOf(0, 1, 2));
      await until('each disk in the book', async () => (await lost(desk)).length === 4);
      const told = await lost(desk);
      expect(new Set(told.map(({ claimUid }) => claimUid))).toEqual(new Set(doomed));
      const deletedAt = await desk.deletionTimes('PersistentVolumeClaim');
      for (const { claimUid, recordedAt, cause } of told) {
        expect(Date.parse(String(recordedAt))).toBeLessThan(
          Number(deletedAt.get(String(claimUid))),
        );
        expect(String(cause)).toContain('5 → 3');
      }
    });

    test('is updated one machine at a time with RollingUpdate, and keeps its disks', async () => {
      await using watch = desk.follow(
        `kubectl get vm ${here} -w --no-headers -o custom-columns='NAME:.metadata.name,READY:.status.ready'`,
      );
      await until('the watch to begin', () => watch.said().includes('postgres-cluster-2'));
      const kept = await claimUids(desk, disksOf(0, 1, 2));
      await desk.type(
        `kubectl patch vmpool postgres-cluster ${here} --type=merge -p '{"spec":{"virtualMachineTemplate":{"spec":{"template":{"spec":{"domain":{"cpu":{"sockets":2}}}}}}}}'`,
      );
      const sockets = '.items[*].spec.domain.cpu.sockets';
      await until(
        'new instances',
        async () => (await desk.field('vmi', here, sockets)) === '2 2 2',
      );
      await desk.settled(pool, here, 3);
      await until('the last to be ready', () => downs(watch.said()).open.size === 0);
      const { order, most } = downs(watch.said());
      expect([order, most]).toEqual([machines(0, 1, 2), 1]);
      expect(await claimUids(desk, disksOf(0, 1, 2))).toEqual(kept);
    });

    test('keeps the disks of machines that go where the pool is told to keep them', async () => {
      await desk.type(
        `kubectl annotate vmpool postgres-cluster ${here} rollcall.dev/scale-in-disks=keep`,
      );
      const kept = await claimUids(desk, disksOf(2));
      await scale(2);
      await desk.settled(pool, here, 2);
      expect(await desk.names('vm', here)).toEqual(machines(0, 1));
      expect(await disks()).toEqual(disksOf(0, 1, 2));
      await scale(3);
      await desk.settled(pool, here, 3);
      expect(await claimUids(desk, disksOf(2))).toEqual(kept);
    });

    test('keeps them as well where statePreservation says so', async () => {
      await desk.type('kubectl create namespace kept');
      const text = example('postgres-cluster.yaml', (yaml) =>
        yaml
          .replace('namespace: databases', 'namespace: kept')
          .replace(
            '  updateStrategy:',
            '  scaleInStrategy:\n    proactive:\n      statePreservation: Offline\n  updateStrategy:',
          ),
      );
      await desk.type('kubectl create -f -', text);
      await desk.settled(pool, '-n kept', 3);
      await desk.type('kubectl scale vmpool postgres-cluster -n kept --replicas=1');
      await desk.settled(pool, '-n kept', 1);
      expect(await desk.names('vm', '-n kept')).toEqual(machines(0));
      expect(await desk.names('pvc', '-n kept')).toEqual(disksOf(0, 1, 2));
    });

    test("is understood in the text's own spelling, with spec.template", async () => {
      await desk.type('kubectl create namespace spelt');
      const text = example('postgres-cluster.yaml', (yaml) =>
        yaml
          .replace('namespace: databases', 'namespace: spelt')
          .replace('  virtualMachineTemplate:', '  template:'),
      );
      await desk.type('kubectl create -f -', text);
      await desk.settled(pool, '-n spelt', 3);
      expect(await desk.names('datavolumes', '-n spelt')).toEqual(disksOf(0, 1, 2));
    });
  });
}

function machines(...ordinals: readonly number[]): readonly string[] {
  return ordinals.map((ordinal) => `postgres-cluster-${ordinal}`);
}

function disksOf(...ordinals: readonly number[]): readonly string[] {
  return ['data-disk', 'os-disk'].flatMap((disk) =>
    ordinals.map((ordinal) => `${disk}-${ordinal}`),
  );
}

function claimUids(desk: Desk, claims: readonly string[]): Promise<readonly string[]> {
  return Promise.all(claims.map((claim) => desk.uidOf(`pvc/${claim}`, here)));
}

async function lost(desk: Desk): Promise<readonly Row[]> {
  const all = await desk.book('deleted-volumes', '-n', 'databases');
  return all.filter(({ goneAt }) => goneAt !== null);
}

type Downs = {
  /** Machines in the order in which they stopped being ready. */
  readonly order: readonly string[];
  /** The most that were not ready at a time. */
  readonly most: number;
  /** Those that are not ready now. */
  readonly open: ReadonlySet<string>;
};

function downs(watched: string): Downs {
  const order: string[] = [];
  const open = new Set<string>();
  let most = 0;
  for (const line of watched.split('\n')) {
    const [name = '', ready] = line.split(/\s+/);
    if (ready === 'true') open.delete(name);
    else if (ready !== undefined && name !== '' && !open.has(name)) {
      open.add(name);
      order.push(name);
    }
    most = Math.max(most, open.size);
  }
  return { order, most, open };
}
