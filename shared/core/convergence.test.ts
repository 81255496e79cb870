import { expect, test } from 'vitest';
import type { Observable } from '#shared/contract/objects.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { revisionLabel } from '#shared/contract/words.ts';
import { desiredOf, isTerminating } from './objects.ts';
import { Model } from './testing/model.ts';
import { aPool, aReplicaSet, aTemplateWithDisks } from './testing/objects.ts';

const seeds = Array.from({ length: 25 }, (_, seed) => seed);

function expectAtSize(model: Model): void {
  const { set } = model.cluster;
  if (set === undefined) throw new Error('the set stands');
  if (set.paused) return;
  expect(model.members().length).toBe(desiredOf(set));
  expect(set.status.replicas).toBe(desiredOf(set));
  expect(set.status.observedGeneration).toBe(set.meta.generation);
}

test.each(seeds)('a pool reaches its size without ever exceeding it (seed %i)', (seed) => {
  expectAtSize(new Model(seed, aPool({ finalizers: [], replicas: 4 })).run(1500));
});

test.each(seeds)('a pool with disks reaches its size (seed %i)', (seed) => {
  const template = aTemplateWithDisks('data');
  expectAtSize(new Model(seed, aPool({ finalizers: [], replicas: 4, template })).run(1500));
});

test.each(seeds)('a replica set reaches its size without ever exceeding it (seed %i)', (seed) => {
  expectAtSize(new Model(seed, aReplicaSet({ replicas: 4 })).run(1500));
});

const disks = { ...aTemplateWithDisks('data'), runStrategy: 'Always' };

test.each<[string, Parameters<typeof aPool>[0]]>([
  ['updates all at once', {}],
  ['updates one at a time', { maxUnavailable: 1 }],
  [
    'updates with extra members',
    { update: { type: 'proactive', maxUnavailable: 0, maxSurge: '50%' } },
  ],
  ['updates the newest first', { update: { type: 'proactive', selection: { sort: 'Newest' } } }],
  ['only updates machines', { update: { type: 'opportunistic' } }],
  ['updates nothing', { update: { type: 'unmanaged' } }],
  ['waits for members to be deleted', { update: { type: 'on-delete' } }],
  ['keeps disks', { scaleIn: { type: 'proactive', preservation: 'Offline' } }],
  ['removes the oldest', { scaleIn: { type: 'proactive', selection: { sort: 'Oldest' } } }],
  ['heals', { healing: {} }],
])(
  'a pool with disks that %s reaches its size and its template',
  { timeout: 30_000 },
  (_, options) => {
    for (let seed = 0; seed < 4; seed += 1) {
      const pool = aPool({ finalizers: [], replicas: 4, template: disks, ...options });
      const model = new Model(seed, pool).run(1200);
      expectAtSize(model);
      expectUpToDate(model);
    }
  },
);

test.each(['unmanaged', 'opportunistic'] as const)(
  'under %s scale-in nobody is chosen',
  { timeout: 30_000 },
  (type) => {
    for (let seed = 0; seed < 4; seed += 1) {
      const pool = aPool({ finalizers: [], replicas: 4, template: disks, scaleIn: { type } });
      const model = new Model(seed, pool).run(1200);
      const { set, objects } = model.cluster;
      if (set === undefined) throw new Error('the set stands');
      expect([...objects.values()].filter(isTerminating)).toEqual([]);
      if (!set.paused) expect(model.members().length).toBeGreaterThanOrEqual(desiredOf(set));
      expect(model.log.some(({ records }) => records.some(removesByChoice))).toBe(false);
    }
  },
);

function removesByChoice(record: LogRecord): boolean {
  return record.type === 'decided' && record.commands.some(({ verb }) => verb === 'delete-member');
}

/** Where the strategy is a proactive one, what runs is what the template says. */
function expectUpToDate({ cluster }: Model): void {
  const { set } = cluster;
  if (set?.kind !== 'VirtualMachinePool' || set.paused) return;
  const { type = 'proactive' } = set.update ?? {};
  const digestOf = ({ meta }: Observable): unknown => {
    const kept = cluster.named('ControllerRevision', meta.labels[revisionLabel] ?? '');
    return kept?.kind === 'ControllerRevision' ? kept.digest : undefined;
  };
  const wanted = set.template?.digest;
  if (type === 'proactive' || type === 'opportunistic') {
    for (const vm of cluster.ofKind('VirtualMachine')) expect(digestOf(vm)).toEqual(wanted);
  }
  if (type !== 'proactive') return;
  for (const vmi of cluster.ofKind('VirtualMachineInstance')) {
    expect(digestOf(vmi)).toEqual(wanted);
  }
}

test.each(seeds.slice(0, 10))('a deleted pool lets everything go (seed %i)', (seed) => {
  const model = new Model(seed, aPool({ finalizers: [], replicas: 4 })).run(600);
  const { set } = model.cluster;
  if (set === undefined) throw new Error('the set stands');
  model.cluster.remove(set);
  model.run(0);
  expect([...model.cluster.objects.values()]).toEqual([]);
});
