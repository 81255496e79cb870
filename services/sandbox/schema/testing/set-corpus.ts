import fc from 'fast-check';
import { isRecord } from '#shared/lib/canonical.ts';

/* Pools and replica sets, right ones, wrong ones, and right ones with something changed in them. */

type Arbitrary = fc.Arbitrary<unknown>;

const some = (...values: readonly unknown[]): Arbitrary => fc.constantFrom(...values);

/** One of the right values as a rule, now and then one of the others. */
function mostly(right: Arbitrary, other: Arbitrary): Arbitrary {
  return fc.oneof({ weight: 12, arbitrary: right }, other);
}

/** Present or absent. */
function record(fields: Readonly<Record<string, Arbitrary>>): Arbitrary {
  return fc.record(fields, { requiredKeys: [] });
}

const labels = some({ app: 'web' }, { app: 'web', tier: 'a' });
const metadata = fc.record({ labels, annotations: some(undefined, { note: 'x' }) });

const selector = mostly(
  some(
    { matchLabels: { app: 'web' } },
    { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
    { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'x'] }] },
    { matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }] },
  ),
  some(
    {},
    { matchLabels: { app: 'other' } },
    { matchLabels: { 'a b': 'c' } },
    { matchExpressions: [{ key: 'app', operator: 'In' }] },
    { matchExpressions: [{ key: 'app', operator: 'Like', values: ['w'] }] },
  ),
);

const dataVolume = { name: 'data', dataVolume: { name: 'data' } };
const seed = { name: 'seed', cloudInitNoCloud: { userData: '#cloud-config' } };

const volume = some(
  dataVolume,
  seed,
  { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
  { name: 'data', containerDisk: { image: 'some' } },
  { name: 'seed', secret: { secretName: 'keys' } },
);

const disk = some(
  { name: 'data', disk: { bus: 'virtio' } },
  { name: 'seed', cdrom: { bus: 'sata', readonly: true } },
  { name: 'data', lun: {} },
);

const quantity = some('128Mi', '1Gi', 1, '0.5');

const instance = fc.record(
  {
    domain: fc.record({
      devices: record({ disks: fc.uniqueArray(disk, { maxLength: 2 }), rng: some({}) }),
      cpu: some(undefined, { cores: 2 }, { cores: 2, sockets: 1, model: 'host-model' }),
      memory: some(undefined, { guest: '1Gi' }),
      resources: record({ requests: record({ memory: quantity, cpu: quantity }) }),
      machine: some(undefined, { type: 'q35' }),
    }),
    volumes: mostly(
      some(
        [dataVolume, seed],
        [seed, { name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
        [seed, dataVolume, { name: 'config', configMap: { name: 'c' } }],
      ),
      fc.uniqueArray(volume, { maxLength: 3 }),
    ),
    networks: some(undefined, [], [{ name: 'default', pod: {} }]),
    nodeSelector: some(undefined, { zone: 'a' }),
    terminationGracePeriodSeconds: some(0, 180),
    tolerations: some(undefined, [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }]),
    evictionStrategy: some('LiveMigrate', 'None'),
    affinity: some(undefined, { nodeAffinity: {} }),
    topologySpreadConstraints: some(undefined, [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
    ]),
    livenessProbe: some(undefined, { httpGet: { port: 80 }, periodSeconds: 5 }),
    readinessProbe: some(undefined, { guestAgentPing: {} }),
  },
  { requiredKeys: ['domain', 'volumes'] },
);

const dataVolumes = mostly(
  some(
    undefined,
    [],
    [
      {
        metadata: { name: 'data' },
        spec: { storage: { resources: { requests: { storage: 1 } } } },
      },
    ],
    [
      {
        metadata: { name: 'data', annotations: { a: 'b' } },
        spec: { pvc: { accessModes: ['ReadWriteOnce'] }, source: { blank: {} } },
      },
    ],
  ),
  some(
    [{ metadata: { name: 'data' }, spec: {} }],
    [{ metadata: { name: 'other' }, spec: { storage: {} } }],
  ),
);

const runStrategies = some(
  'Always',
  'Halted',
  'RerunOnFailure',
  'Once',
  'Manual',
  'WaitAsReceiver',
);
const runs = fc.oneof(
  { weight: 12, arbitrary: fc.record({ runStrategy: runStrategies }) },
  { weight: 6, arbitrary: fc.record({ running: fc.boolean() }) },
  fc.record({ runStrategy: some('Never', 'Always'), running: some(undefined, true) }),
);

const machineParts = fc.record({
  dataVolumeTemplates: dataVolumes,
  instancetype: some(undefined, { name: 'u1.small', kind: 'VirtualMachineInstancetype' }),
  preference: some(undefined, { name: 'fedora' }),
  template: fc.record({ metadata, spec: instance }),
});

const machine = fc.tuple(runs, machineParts).map(([running, parts]) => ({ ...running, ...parts }));

const selection = record({
  sortPolicy: some('AscendingOrder', 'DescendingOrder', 'Newest', 'Oldest', 'Random'),
  selectors: record({
    labelSelector: selector,
    nodeSelectorRequirementMatcher: some(
      [],
      [{ key: 'zone', operator: 'Gt', values: ['1'] }],
      [{ key: 'zone', operator: 'In' }],
    ),
  }),
});

const preservation = some('Disabled', 'Offline', 'Online');

/** One member as a rule, now and then none or several. */
function strategy(members: Readonly<Record<string, Arbitrary>>): Arbitrary {
  const single = Object.entries(members).map(([name, value]) => fc.record({ [name]: value }));
  return mostly(fc.oneof(...single), record(members));
}

export const pools: Arbitrary = fc.record({
  apiVersion: some('pool.kubevirt.io/v1beta1', 'pool.kubevirt.io/v1alpha1'),
  kind: fc.constant('VirtualMachinePool'),
  metadata: fc.constant({ name: 'web' }),
  spec: fc.record(
    {
      replicas: some(0, 1, 3, 2_147_483_647),
      paused: fc.boolean(),
      selector,
      virtualMachineTemplate: fc.record({ metadata, spec: machine }),
      nameGeneration: record({
        appendIndexToConfigMapRefs: fc.boolean(),
        appendIndexToSecretRefs: fc.boolean(),
      }),
      maxUnavailable: mostly(
        some(1, 5, '1%', '50%', '100%', '050%'),
        some('0%', '101%', 0, -1, '5', '+5%'),
      ),
      scaleInStrategy: strategy({
        proactive: record({ statePreservation: preservation, selectionPolicy: selection }),
        opportunistic: record({ statePreservation: preservation }),
        unmanaged: fc.constant({}),
      }),
      updateStrategy: strategy({
        proactive: record({ selectionPolicy: selection }),
        opportunistic: fc.constant({}),
        unmanaged: fc.constant({}),
      }),
      autohealing: record({
        startUpFailureThreshold: some(1, 3),
        minFailingToStartDuration: mostly(some('5m', '1h30m', '1.5s', '0'), some('-5m', 'soon')),
      }),
    },
    { requiredKeys: ['selector', 'virtualMachineTemplate'] },
  ),
  status: some(undefined, {}, { replicas: 1, readyReplicas: 0, labelSelector: 'app=web' }),
});

export const replicaSets: Arbitrary = fc.record({
  apiVersion: fc.constant('kubevirt.io/v1'),
  kind: fc.constant('VirtualMachineInstanceReplicaSet'),
  metadata: fc.constant({ name: 'web' }),
  spec: fc.record(
    {
      replicas: mostly(some(0, 3), some(-1)),
      paused: fc.boolean(),
      selector,
      template: fc.record({ metadata, spec: instance }),
    },
    { requiredKeys: ['selector', 'template'] },
  ),
  status: some(undefined, null, { replicas: 1 }),
});

const junk = some(null, '', 'x', 0, -1, 1.5, true, [], {}, [{}], { x: 1 }, ['a']);

/** Objects in which a few places have been taken out or filled with something else. */
export function mutated(objects: Arbitrary): Arbitrary {
  const change = fc.record({
    place: fc.nat(),
    value: fc.option(junk, { nil: undefined, freq: 1 }),
  });
  return fc
    .tuple(objects, fc.array(change, { minLength: 1, maxLength: 2 }))
    .map(([object, changes]) =>
      changes.reduce<unknown>((here, { place, value }) => {
        const spots = placesIn(here, []).filter(([top]) => top === 'spec');
        const spot = spots[place % Math.max(1, spots.length)];
        return spot === undefined ? here : withValue(here, spot, value);
      }, object),
    );
}

type Path = readonly (string | number)[];

function placesIn(value: unknown, path: Path): readonly Path[] {
  const inner: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown, index) => [index, item] as const)
    : isRecord(value)
      ? Object.entries(value)
      : [];
  return inner.flatMap(([name, part]) => [[...path, name], ...placesIn(part, [...path, name])]);
}

/** An undefined value takes the place out. */
function withValue(object: unknown, [name, ...rest]: Path, value: unknown): unknown {
  if (name === undefined) return value;
  if (Array.isArray(object)) {
    const changed = object.map((item: unknown, index) =>
      index === name ? withValue(item, rest, value) : item,
    );
    return changed.filter((item) => item !== undefined);
  }
  if (!isRecord(object)) return object;
  const { [name]: old, ...others } = object;
  const changed = withValue(old, rest, value);
  return changed === undefined ? others : { ...others, [name]: changed };
}
