import { describe, expect, test } from 'vitest';
import type { RawObject } from '#shared/cluster/cluster.ts';
import { anObject, aPool, examined, now } from '../testing/examined.ts';
import type { Examination } from './examination.ts';
import { judgeAll } from './judge-all.ts';

const poolLabels = { app: 'web' };
const bare = { app: 'other' };

function some(...objects: readonly RawObject[]): Examination['budgets'] {
  return { ok: true, value: objects };
}

function sets(...all: readonly ReturnType<typeof aPool>[]): Pick<Examination, 'sets'> {
  return { sets: { ok: true, value: all } };
}

const kubevirt = (flags: object): RawObject =>
  anObject('KubeVirt', 'kubevirt', {
    spec: { customizeComponents: { flags: { controller: flags } } },
  });
const idle = { 'pool-controller-threads': '0', 'rs-controller-threads': '0' };

const hpa = (metrics: readonly object[]): RawObject =>
  anObject('HorizontalPodAutoscaler', 'web', {
    spec: { scaleTargetRef: { kind: 'VirtualMachinePool', name: 'web' }, metrics },
  });
/** A pool whose selector misses the labels that virt-launcher pods get. */
const unmeasured = aPool('web', {
  spec: {
    virtualMachineTemplate: {
      metadata: { labels: poolLabels },
      spec: { template: { metadata: { labels: bare } } },
    },
  },
});
const cpu = { type: 'Resource', resource: { name: 'cpu' } };

const pdb = (spec: object): RawObject =>
  anObject('PodDisruptionBudget', 'web', {
    spec: { selector: { matchLabels: poolLabels }, ...spec },
  });

const minutesAgo = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);
const leftover = {
  ...{
    namespace: 'shop',
    claim: 'disk-2',
    dataVolume: 'disk-2',
    storageClass: 'fast',
    size: '1Gi',
  },
  ...{ since: now, set: 'vmpool/web', ordinal: 2, cause: 'kept: scale-in 3 → 2' },
};

type Row = readonly [
  what: string,
  check: string,
  level: 'ok' | 'warn' | 'fail',
  seen: Partial<Examination>,
];

const rows: readonly Row[] = [
  ['all services hold their leases', 'services', 'ok', {}],
  [
    'nobody watches',
    'services',
    'fail',
    { log: { ok: true, value: { lazy: undefined, away: ['watcher'] } } },
  ],
  ['the broker cannot be reached', 'services', 'warn', { log: { ok: false, problem: 'away' } }],
  ['a recorder writes', 'recorder', 'ok', {}],
  ['no recorder is there', 'recorder', 'fail', { book: { ok: true, value: { recorders: 0 } } }],
  ['the database is away', 'recorder', 'warn', { book: { ok: false, problem: 'away' } }],
  ['each record is synced', 'durable log', 'ok', {}],
  [
    'the broker syncs now and then',
    'durable log',
    'fail',
    { log: { ok: true, value: { lazy: 'NATS does not sync each write', away: [] } } },
  ],
  [
    'modes are known words',
    'mode',
    'ok',
    sets(aPool('web', { annotations: { 'rollcall.dev/mode': 'advise' } })),
  ],
  [
    'a mode is misspelt',
    'mode',
    'fail',
    sets(aPool('web', { annotations: { 'rollcall.dev/mode': 'mange' } })),
  ],
  ['there is no KubeVirt', "KubeVirt's controllers", 'ok', {}],
  ['they are off and idle', "KubeVirt's controllers", 'ok', { kubevirts: some(kubevirt(idle)) }],
  [
    'they are said to be off and run',
    "KubeVirt's controllers",
    'fail',
    { kubevirts: some(kubevirt({})) },
  ],
  [
    'they are said to run and are idle',
    "KubeVirt's controllers",
    'warn',
    { kubevirtControllers: 'running', kubevirts: some(kubevirt(idle)) },
  ],
  ['no set is paused', 'paused', 'ok', {}],
  [
    'a managed set is not paused while they run',
    'paused',
    'fail',
    { kubevirtControllers: 'running' },
  ],
  [
    'a managed set is paused while they run',
    'paused',
    'ok',
    { kubevirtControllers: 'running', ...sets(aPool('web', { spec: { paused: true } })) },
  ],
  [
    'a managed set is paused for nobody',
    'paused',
    'warn',
    sets(aPool('web', { spec: { paused: true } })),
  ],
  [
    'a set that is only observed may do as it likes',
    'paused',
    'ok',
    { mode: 'observe', kubevirtControllers: 'running' },
  ],
  [
    'a pool heals and they are off',
    'autohealing',
    'ok',
    sets(aPool('web', { spec: { autohealing: {} } })),
  ],
  [
    'a pool heals beside managed sets while they run',
    'autohealing',
    'fail',
    {
      kubevirtControllers: 'running',
      ...sets(aPool('web'), aPool('healer', { spec: { autohealing: {} } })),
    },
  ],
  [
    'a pool heals in another namespace',
    'autohealing',
    'ok',
    {
      ...{ kubevirtControllers: 'running', mode: 'observe' },
      ...sets(
        aPool('web', { annotations: { 'rollcall.dev/mode': 'manage' } }),
        aPool('healer', { namespace: 'far', spec: { autohealing: {} } }),
      ),
    },
  ],
  ['selectors match', 'selector and labels', 'ok', {}],
  [
    'a selector misses the template',
    'selector and labels',
    'fail',
    sets(aPool('web', { spec: { selector: { matchLabels: bare } } })),
  ],
  [
    'a selector is empty',
    'selector and labels',
    'fail',
    sets(aPool('web', { spec: { selector: {} } })),
  ],
  [
    'a selector cannot be read',
    'selector and labels',
    'fail',
    sets(
      aPool('web', {
        spec: { selector: { matchExpressions: [{ key: 'app', operator: 'Like' }] } },
      }),
    ),
  ],
  [
    'an autoscaler measures its pods',
    'autoscaler and pods',
    'ok',
    {
      autoscalers: some(hpa([cpu])),
      launchers: some(anObject('Pod', 'virt-launcher-web-0', { labels: poolLabels })),
    },
  ],
  [
    'an autoscaler finds no pod',
    'autoscaler and pods',
    'fail',
    { autoscalers: some(hpa([cpu])), ...sets(unmeasured) },
  ],
  [
    'pods still lack the labels',
    'autoscaler and pods',
    'warn',
    {
      autoscalers: some(hpa([])),
      launchers: some(anObject('Pod', 'virt-launcher-web-0', { labels: bare })),
    },
  ],
  [
    'an autoscaler asks for no pods',
    'autoscaler and pods',
    'ok',
    { autoscalers: some(hpa([{ type: 'External' }])), ...sets(unmeasured) },
  ],
  [
    'a budget is a whole number',
    'disruption budgets',
    'ok',
    { budgets: some(pdb({ minAvailable: 1 })) },
  ],
  [
    'a budget says maxUnavailable',
    'disruption budgets',
    'fail',
    { budgets: some(pdb({ maxUnavailable: 1 })) },
  ],
  [
    'a budget is a share',
    'disruption budgets',
    'fail',
    { budgets: some(pdb({ minAvailable: '50%' })) },
  ],
  [
    'a budget is about others',
    'disruption budgets',
    'ok',
    { budgets: some(pdb({ maxUnavailable: 1, selector: { matchLabels: bare } })) },
  ],
  ['the audit source talks', 'audit source', 'ok', {}],
  [
    'no source ever talked',
    'audit source',
    'warn',
    { audit: { ok: true, value: { toldAt: undefined, operatedAt: now } } },
  ],
  [
    'the source fell silent',
    'audit source',
    'warn',
    { audit: { ok: true, value: { toldAt: minutesAgo(30), operatedAt: now } } },
  ],
  [
    'nothing happened since',
    'audit source',
    'ok',
    { audit: { ok: true, value: { toldAt: minutesAgo(30), operatedAt: minutesAgo(31) } } },
  ],
  [
    'a service lacks a right',
    'rights',
    'fail',
    {
      rights: {
        ok: true,
        value: [{ who: 'watcher', what: 'list x', needs: 'observe', allowed: false }],
      },
    },
  ],
  [
    'you lack a right',
    'rights',
    'warn',
    {
      rights: {
        ok: true,
        value: [{ who: 'you', what: 'patch x', needs: 'rollcall release', allowed: false }],
      },
    },
  ],
  [
    'rights may not be asked for',
    'rights',
    'warn',
    { rights: { ok: false, problem: 'forbidden' } },
  ],
  [
    'a disk would be taken up',
    'kept disks',
    'warn',
    {
      leftovers: {
        ok: true,
        value: [{ ...leftover, takenUpBy: { set: 'vmpool/web', member: 'web-2' } }],
      },
    },
  ],
  [
    'a disk is only left over',
    'kept disks',
    'ok',
    {
      leftovers: { ok: true, value: [{ ...leftover, takenUpBy: undefined }] },
    },
  ],
];

test('what helps is about what could not be reached', () => {
  const away = { ok: false, problem: 'away' } as const;
  const seen = examined({ log: away, book: away, sets: away });
  const remedies = new Map(judgeAll(seen).map(({ check, remedy }) => [check, remedy]));
  expect(remedies.get('services')).toContain('NATS');
  expect(remedies.get('durable log')).toContain('NATS');
  expect(remedies.get('recorder')).toContain('Postgres');
  expect(remedies.get('mode')).toContain('kubeconfig');
});

describe('each check', () => {
  test.for(rows)('%s: %s, %s', ([, check, level, seen]) => {
    const findings = judgeAll(examined(seen)).filter((finding) => finding.check === check);
    expect(findings.map((finding) => finding.level)).toEqual([level]);
    if (level !== 'ok') expect(findings[0]?.remedy).toBeTypeOf('string');
  });

  test('has rows for what is fine and for what is not', () => {
    for (const check of new Set(judgeAll(examined()).map((finding) => finding.check))) {
      const levels = new Set(rows.filter(([, name]) => name === check).map(([, , level]) => level));
      expect([check, levels.has('ok') || check === 'rights', levels.size > 1]).toEqual([
        check,
        true,
        true,
      ]);
    }
  });
});
