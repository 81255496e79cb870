import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/** The README's story, typed by a machine: real processes, real NATS and Postgres, real kubectl. */

let rollcall: Rollcall;

beforeAll(async () => {
  rollcall = await startRollcall();
}, 240_000);

afterAll(async () => {
  await rollcall?.stop();
}, 60_000);

async function kubectl(...args: readonly string[]): Promise<string> {
  return (await rollcall.kubectl(args)).stdout;
}

/** Rows of a command that prints JSON lists. */
async function rows(...args: readonly string[]): Promise<readonly Row[]> {
  const { stdout } = await rollcall.rollcall([...args, '-o', 'json']);
  const parsed: readonly Row[] = JSON.parse(stdout);
  return parsed;
}

type Row = { readonly [field: string]: string | number | null };

async function names(kind: string, ...args: readonly string[]): Promise<readonly string[]> {
  const listed = await kubectl('get', kind, '-o', 'name', ...args);
  return listed
    .split('\n')
    .filter(Boolean)
    .map((name) => name.slice(name.indexOf('/') + 1))
    .toSorted();
}

describe('a pool of three', () => {
  test('is made with ordinals 0 to 2, all running and ready', async () => {
    await kubectl('create', '-f', 'deploy/examples/vm-pool-cirros.yaml');
    await until('three ready members', async () =>
      /vm-pool-cirros\s+3\s+3\s+3\s/.test(await kubectl('get', 'vmpool')),
    );
    expect(await kubectl('get', 'vmpool')).toMatch(/NAME\s+DESIRED\s+CURRENT\s+READY\s+AGE/);
    expect(await names('vm')).toEqual(['vm-pool-cirros-0', 'vm-pool-cirros-1', 'vm-pool-cirros-2']);
    const statuses = await kubectl(
      'get',
      'vm',
      '-o',
      'jsonpath={.items[*].status.printableStatus}',
    );
    expect(statuses).toBe('Running Running Running');
  });

  test('tells in its events what was made', async () => {
    await until('the events', async () =>
      (await kubectl('describe', 'vmpool', 'vm-pool-cirros')).includes('SuccessfulCreate'),
    );
    expect(await kubectl('describe', 'vmpool', 'vm-pool-cirros')).toContain(
      'Created VM default/vm-pool-cirros-0',
    );
  });

  test('scales out to five and in to two, highest ordinals first', async () => {
    await kubectl('scale', 'vmpool', 'vm-pool-cirros', '--replicas', '5');
    await until('five members', async () => (await names('vm')).length === 5);
    await kubectl('scale', 'vmpool', 'vm-pool-cirros', '--replicas', '2');
    await until('two members', async () => (await names('vm')).length === 2);
    expect(await names('vm')).toEqual(['vm-pool-cirros-0', 'vm-pool-cirros-1']);
  });

  test('gets a deleted member back under its name with a new uid', async () => {
    const uidOf = () =>
      kubectl(
        'get',
        'vm',
        'vm-pool-cirros-0',
        '--ignore-not-found',
        '-o',
        'jsonpath={.metadata.uid}',
      );
    const before = await uidOf();
    await kubectl('delete', 'vm', 'vm-pool-cirros-0');
    await until('a new uid', async () => ![before, ''].includes(await uidOf()));
  });

  test('stands in the book with each change, who made it and how that is known', async () => {
    const history = () => rows('history', 'vmpool/vm-pool-cirros');
    await until('four finished rows, each with its actor', async () => {
      const all = await history();
      return (
        all.length >= 4 &&
        all.every((row) => row['finishedAt'] !== null && row['grade'] === 'proven')
      );
    });
    const told = (await history())
      .toSorted((left, right) => String(left['at']).localeCompare(String(right['at'])))
      .map((row) => ({
        operation: row['operation'],
        from: row['from'],
        to: row['to'],
        grade: row['grade'],
      }));
    expect(told).toEqual([
      { operation: 'created', from: null, to: 3, grade: 'proven' },
      { operation: 'scaled', from: 3, to: 5, grade: 'proven' },
      { operation: 'scaled', from: 5, to: 2, grade: 'proven' },
      expect.objectContaining({ operation: 'member-replaced', grade: 'proven' }),
    ]);
  });
});

describe('a database with disks', () => {
  test('gets two disks for each member, with the ordinal behind their names', async () => {
    await kubectl('create', '-f', 'deploy/examples/namespaces.yaml');
    await kubectl('create', '-f', 'deploy/examples/postgres-cluster.yaml');
    await until(
      'six DataVolumes',
      async () => (await names('datavolumes', '-n', 'databases')).length === 6,
    );
    expect(await names('datavolumes', '-n', 'databases')).toEqual([
      'data-disk-0',
      'data-disk-1',
      'data-disk-2',
      'os-disk-0',
      'os-disk-1',
      'os-disk-2',
    ]);
    await until('three running members', async () =>
      /postgres-cluster\s+3\s+3\s+3\s/.test(await kubectl('get', 'vmpool', '-n', 'databases')),
    );
  });

  test('loses four disks when scaled to one, each recorded before it went', async () => {
    await kubectl('scale', 'vmpool', 'postgres-cluster', '-n', 'databases', '--replicas', '1');
    await until(
      'two claims left',
      async () => (await names('pvc', '-n', 'databases')).length === 2,
    );
    const lost = () => rows('deleted-volumes', '-n', 'databases');
    await until(
      'four lost disks in the book',
      async () => (await lost()).filter((row) => row['goneAt'] !== null).length === 4,
    );
    const deletedAt = await rollcall.deletionTimes('PersistentVolumeClaim');
    for (const disk of await lost()) {
      expect(String(disk['cause'])).toContain('3 → 1');
      const gone = deletedAt.get(String(disk['claimUid']));
      expect(gone).toBeDefined();
      expect(Date.parse(String(disk['recordedAt']))).toBeLessThan(Number(gone));
    }
  });
});

describe('a replica set', () => {
  const sized = (size: number) => async () => (await names('vmi', '-l', label)).length === size;
  const label = 'kubevirt.io/domain=vmi-cirros';

  test('goes from two to five to one', async () => {
    await kubectl('create', '-f', 'deploy/examples/vmi-cirros-replicaset.yaml');
    await until('two', sized(2));
    await kubectl('scale', 'vmirs', 'vmi-cirros-replicaset', '--replicas', '5');
    await until('five', sized(5));
    await kubectl('scale', 'vmirs', 'vmi-cirros-replicaset', '--replicas', '1');
    await until('one', sized(1));
  });

  test('replaces a deleted machine by one with a new uid', async () => {
    const uids = () =>
      kubectl('get', 'vmi', '-l', label, '-o', 'jsonpath={.items[*].metadata.uid}');
    const before = await uids();
    const [name = ''] = await names('vmi', '-l', label);
    await kubectl('delete', 'vmi', name);
    await until('another machine', async () => {
      const now = await uids();
      return now !== before && now !== '' && !now.includes(' ');
    });
  });
});

describe('a pool that is deleted', () => {
  test('takes its members and disks along, and all of it stands in the book', async () => {
    await kubectl('delete', 'vmpool', 'postgres-cluster', '-n', 'databases');
    await until(
      'nothing left',
      async () => (await names('vm,datavolumes,pvc', '-n', 'databases')).length === 0,
    );
    await until('six lost disks', async () => {
      const all = await rows('deleted-volumes', '-n', 'databases');
      return all.filter((row) => row['goneAt'] !== null).length === 6;
    });
  });
});
