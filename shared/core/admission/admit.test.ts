import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admit } from './admit.ts';
import type { AdmissionRequest } from './admit.ts';

type Fields = Readonly<Record<string, unknown>>;

function vmSpec(more: Fields = {}): Fields {
  return {
    runStrategy: 'Always',
    dataVolumeTemplates: [{ metadata: { name: 'data' }, spec: { storage: {} } }],
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        domain: { devices: { disks: [{ name: 'data' }, { name: 'drive', cdrom: {} }] } },
        volumes: [{ name: 'data', dataVolume: { name: 'data' } }],
      },
    },
    ...more,
  };
}

function vmTemplate(more: Fields = {}): Fields {
  return { metadata: { labels: { app: 'web' } }, spec: vmSpec(more) };
}

function aPool(spec: Fields = {}, metadata: Fields = {}): Fields {
  return {
    metadata: { name: 'web', ...metadata },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      virtualMachineTemplate: vmTemplate(),
      ...spec,
    },
  };
}

function aReplicaSet(spec: Fields = {}, metadata: Fields = {}): Fields {
  return {
    metadata: { name: 'web', ...metadata },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          domain: { devices: { disks: [{ name: 'data' }] } },
          volumes: [{ name: 'data', containerDisk: { image: 'some' } }],
        },
      },
      ...spec,
    },
  };
}

const user = 'alice';

function creating(kind: AdmissionRequest['kind'], object: unknown) {
  return admit({ kind, operation: 'CREATE', object, oldObject: null, user });
}

function updating(kind: AdmissionRequest['kind'], object: unknown, oldObject: unknown) {
  return admit({ kind, operation: 'UPDATE', object, oldObject, user });
}

const pools = 'VirtualMachinePool';
const replicaSets = 'VirtualMachineInstanceReplicaSet';
const machine = 'spec.virtualMachineTemplate.spec';

describe('a pool is refused', () => {
  const shared = { labels: { 'kubevirt.io/created-by': 'x' } };
  test.each<readonly [string, Fields, string, string]>([
    ['without a spec', { metadata: {} }, 'spec', 'FieldValueRequired'],
    [
      'without a template, under the path that KubeVirt gives',
      aPool({ virtualMachineTemplate: undefined }),
      'spec.template',
      'FieldValueRequired',
    ],
    [
      'with an empty template, over which KubeVirt stumbles',
      aPool({ virtualMachineTemplate: {}, selector: {} }),
      `${machine}.template`,
      'FieldValueRequired',
    ],
    [
      'with both spellings of the template',
      aPool({ template: vmTemplate() }),
      'spec.template',
      'FieldValueInvalid',
    ],
    [
      'by the path of the spelling that it uses',
      aPool({ virtualMachineTemplate: undefined, template: vmTemplate({ running: true }) }),
      'spec.template.spec.running',
      'FieldValueInvalid',
    ],
    [
      'with running and runStrategy',
      aPool({ virtualMachineTemplate: vmTemplate({ running: false }) }),
      `${machine}.running`,
      'FieldValueInvalid',
    ],
    [
      'with neither of them',
      aPool({ virtualMachineTemplate: vmTemplate({ runStrategy: null }) }),
      `${machine}.running`,
      'FieldValueRequired',
    ],
    [
      'with a runStrategy that nobody knows',
      aPool({ virtualMachineTemplate: vmTemplate({ runStrategy: 'Sometimes' }) }),
      `${machine}.runStrategy`,
      'FieldValueInvalid',
    ],
    [
      'with a disk that no volume refers to',
      aPool({
        virtualMachineTemplate: vmTemplate({
          dataVolumeTemplates: [{ metadata: { name: 'more' }, spec: { pvc: {} } }],
        }),
      }),
      `${machine}.dataVolumeTemplate[0]`,
      'FieldValueRequired',
    ],
    [
      'with a disk that asks for two kinds of storage',
      aPool({
        virtualMachineTemplate: vmTemplate({
          dataVolumeTemplates: [{ metadata: { name: 'data' }, spec: { pvc: {}, storage: {} } }],
        }),
      }),
      `${machine}.dataVolumeTemplate[0]`,
      'FieldValueDuplicate',
    ],
    [
      'with labels that are KubeVirt’s own',
      aPool({
        virtualMachineTemplate: vmTemplate({
          template: { metadata: shared, spec: {} },
          dataVolumeTemplates: null,
        }),
      }),
      `${machine}.template.metadata.labels`,
      'FieldValueNotSupported',
    ],
    [
      'with a selector for other machines',
      aPool({ selector: { matchLabels: { app: 'other' } } }),
      'spec.selector',
      'FieldValueInvalid',
    ],
    [
      'with an operator that selectors do not have',
      aPool({ selector: { matchExpressions: [{ key: 'app', operator: 'Like' }] } }),
      'spec.selector',
      'FieldValueInvalid',
    ],
    [
      'with a selector that no label can be',
      aPool({ selector: { matchLabels: { 'a b': 'c' } } }),
      'spec.selector',
      'FieldValueInvalid',
    ],
    ['without a selector', aPool({ selector: null }), 'spec.selector', 'FieldValueRequired'],
    [
      'with two ways to scale in',
      aPool({ scaleInStrategy: { proactive: {}, unmanaged: {} } }),
      'spec.scaleInStrategy',
      'FieldValueInvalid',
    ],
    [
      'with two ways to update',
      aPool({ updateStrategy: { opportunistic: {}, type: 'OnDelete' } }),
      'spec.updateStrategy',
      'FieldValueInvalid',
    ],
    [
      'with a way to update that nobody knows',
      aPool({ updateStrategy: { type: 'Recreate' } }),
      'spec.updateStrategy.type',
      'FieldValueNotSupported',
    ],
    [
      'with limits for a roll-out that it does not do',
      aPool({ updateStrategy: { type: 'OnDelete', rollingUpdate: {} } }),
      'spec.updateStrategy.rollingUpdate',
      'FieldValueInvalid',
    ],
    [
      'with a roll-out that may never begin',
      aPool({
        updateStrategy: {
          type: 'RollingUpdate',
          rollingUpdate: { maxUnavailable: 0, maxSurge: '0%' },
        },
      }),
      'spec.updateStrategy.rollingUpdate.maxUnavailable',
      'FieldValueInvalid',
    ],
    [
      'with healing after no failure at all',
      aPool({ autohealing: { startUpFailureThreshold: 0 } }),
      'spec.autohealing.startUpFailureThreshold',
      'FieldValueInvalid',
    ],
    [
      'with healing after what is no time',
      aPool({ autohealing: { minFailingToStartDuration: '5 minutes' } }),
      'spec.autohealing.minFailingToStartDuration',
      'FieldValueInvalid',
    ],
    ['with less than no machines', aPool({ replicas: -1 }), 'spec.replicas', 'FieldValueInvalid'],
    [
      'with an annotation whose value nobody understands',
      aPool({}, { annotations: { 'rollcall.dev/progress-deadline': 'soon' } }),
      'metadata.annotations[rollcall.dev/progress-deadline]',
      'FieldValueInvalid',
    ],
  ])('%s', (_name, object, field, reason) => {
    expect(creating(pools, object).causes).toMatchObject([{ field, reason }]);
  });

  test.each([
    ['50', 'a text must be a percentage and end with %'],
    ['half%', 'the percentage is not a whole number'],
    ['+5%', 'the percentage is not a whole number'],
    ['0%', 'the percentage must be between 1 and 100'],
    ['101%', 'the percentage must be between 1 and 100'],
    [0, 'must be greater than 0'],
    [-1, 'must be greater than 0'],
    [true, 'must be a number or a percentage'],
  ])('with maxUnavailable %j', (maxUnavailable, message) => {
    expect(creating(pools, aPool({ maxUnavailable })).causes).toEqual([
      { field: 'spec.maxUnavailable', reason: 'FieldValueInvalid', message },
    ]);
  });

  test('in the same words in whatever order the strategies stand', () => {
    const some = aPool({ scaleInStrategy: { unmanaged: {}, proactive: {}, opportunistic: {} } });
    const others = aPool({ scaleInStrategy: { opportunistic: {}, proactive: {}, unmanaged: {} } });
    const { causes } = creating(pools, some);
    expect(creating(pools, others).causes).toEqual(causes);
    expect(causes[0]?.message).toBe(
      'only one strategy may be set, found opportunistic, proactive, unmanaged',
    );
  });
});

describe('a pool is let in', () => {
  test.each<readonly [string, Fields]>([
    ['as the examples are written', aPool()],
    ['in the shorter spelling', aPool({ virtualMachineTemplate: null, template: vmTemplate() })],
    ['with an empty selector', aPool({ selector: {} })],
    [
      'with running',
      aPool({ virtualMachineTemplate: vmTemplate({ running: true, runStrategy: null }) }),
    ],
    ['with 1 %', aPool({ maxUnavailable: '1%' })],
    ['with 100 %', aPool({ maxUnavailable: '100%' })],
    ['with empty strategies', aPool({ scaleInStrategy: {}, updateStrategy: {}, autohealing: {} })],
    [
      'with room for extra machines',
      aPool({
        updateStrategy: {
          type: 'RollingUpdate',
          rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
        },
      }),
    ],
  ])('%s', (_name, object) => {
    expect(creating(pools, object)).toEqual({ causes: [], warnings: [] });
  });

  test('from KubeVirt itself with labels that are its own', () => {
    const template = { metadata: { labels: { 'kubevirt.io/schedulable': 'true' } }, spec: {} };
    const object = aPool({
      virtualMachineTemplate: vmTemplate({ template, dataVolumeTemplates: [] }),
    });
    const kubevirt = 'system:serviceaccount:kubevirt:kubevirt-controller';
    const write = { kind: pools, operation: 'CREATE', object, oldObject: null } as const;
    expect(admit({ ...write, user: kubevirt }).causes).toEqual([]);
    expect(admit({ ...write, user }).causes).toHaveLength(1);
  });

  test('with a warning where the selectors of a policy take nothing', () => {
    const selectors = { nodeSelectorRequirementMatcher: [{ key: 'zone', operator: 'Gt' }] };
    const object = aPool({ scaleInStrategy: { proactive: { selectionPolicy: { selectors } } } });
    const { causes, warnings } = creating(pools, object);
    expect(causes).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('takes no machine')]);
  });

  test('with a warning about an annotation that Rollcall does not have', () => {
    const object = aPool({}, { annotations: { 'rollcall.dev/mood': 'good' } });
    const { causes, warnings } = creating(pools, object);
    expect({ causes, warned: warnings.length }).toEqual({ causes: [], warned: 1 });
  });
});

describe('a replica set', () => {
  test.each<readonly [string, Fields, string, string]>([
    ['without a template', aReplicaSet({ template: null }), 'spec.template', 'FieldValueRequired'],
    [
      'without labels on it',
      aReplicaSet({
        selector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
        template: { spec: {} },
      }),
      'spec.template.metadata.labels',
      'FieldValueRequired',
    ],
    [
      'with a selector for everything',
      aReplicaSet({ selector: {} }),
      'spec.selector',
      'FieldValueInvalid',
    ],
    [
      'with a disk that shows no volume',
      aReplicaSet({
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { domain: { devices: { disks: [{ name: 'data' }] } } },
        },
      }),
      'spec.template.spec.domain.devices.disks[0].name',
      'FieldValueInvalid',
    ],
  ])('is refused %s', (_name, object, field, reason) => {
    expect(creating(replicaSets, object).causes).toMatchObject([{ field, reason }]);
  });

  const sharing = {
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'one' } }] },
    },
  };

  test.each<readonly [string | undefined, number, number]>([
    [undefined, 0, 1],
    ['warn', 0, 1],
    ['ignore', 0, 0],
    ['enforce', 1, 0],
  ])('whose members share a disk, with volume safety %s', (policy, causes, warnings) => {
    const metadata =
      policy === undefined ? {} : { annotations: { 'rollcall.dev/volume-safety': policy } };
    const judged = creating(replicaSets, aReplicaSet(sharing, metadata));
    expect([judged.causes.length, judged.warnings.length]).toEqual([causes, warnings]);
  });
});

describe('a change', () => {
  const selector = { matchLabels: { app: 'web' }, matchExpressions: [] };
  const other = { matchExpressions: [{ key: 'app', operator: 'Exists' }] };

  test('of the selector is refused, of how it is written is not', () => {
    expect(updating(pools, aPool({ selector: other }), aPool()).causes).toMatchObject([
      { field: 'spec.selector', message: expect.stringContaining('immutable') },
    ]);
    expect(updating(pools, aPool({ selector }), aPool()).causes).toEqual([]);
    const set = updating(replicaSets, aReplicaSet({ selector: other }), aReplicaSet());
    expect(set.causes).toMatchObject([{ field: 'spec.selector' }]);
  });

  const broken = { maxUnavailable: 0, selector: {}, virtualMachineTemplate: {} };
  const old = aPool(broken, { annotations: { 'rollcall.dev/mode': 'no' } });

  test('that leaves the spec as it is passes, whatever stands there', () => {
    const annotations = { 'rollcall.dev/mode': 'no' };
    const object = aPool(broken, { annotations, finalizers: ['some/finalizer'] });
    expect(updating(pools, object, old).causes).toEqual([]);
    const object2 = aPool(broken, { annotations: { 'rollcall.dev/mode': 'nay' } });
    expect(updating(pools, object2, old).causes).toHaveLength(1);
  });

  test('of what is being deleted passes, and so does its end', () => {
    const object = aPool({ ...broken, selector: other }, { deletionTimestamp: 'now' });
    expect(updating(pools, object, old).causes).toEqual([]);
    const gone = { kind: pools, operation: 'DELETE', object: null, oldObject: old, user } as const;
    expect(admit(gone)).toEqual({ causes: [], warnings: [] });
  });

  test('of a broken spec into another broken one is refused', () => {
    expect(updating(pools, aPool({ ...broken, paused: true }), old).causes).not.toEqual([]);
  });
});

test('no object makes it stumble', () => {
  const names = ['spec', 'metadata', 'selector', 'template', 'virtualMachineTemplate', 'volumes'];
  const more = ['dataVolumeTemplates', 'annotations', 'labels', 'matchLabels', 'disks', 'domain'];
  const key = fc.constantFrom(...names, ...more, 'matchExpressions', 'updateStrategy', 'devices');
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 7, withCrossShrink: true },
      fc.constantFrom(null, undefined, '', 0, 'x', true),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
    ),
  }));
  const operation = fc.constantFrom<AdmissionRequest['operation']>('CREATE', 'UPDATE', 'DELETE');
  const kind = fc.constantFrom<AdmissionRequest['kind']>(pools, replicaSets);
  fc.assert(
    fc.property(kind, operation, tree, tree, (one, write, object, oldObject) => {
      const { causes } = admit({ kind: one, operation: write, object, oldObject, user });
      expect(causes.every(({ field, message }) => field !== '' && message !== '')).toBe(true);
    }),
    { numRuns: 500 },
  );
});

describe('a pool whose machines no roll-out restarts', () => {
  const pool = (runStrategy: string, spec: Fields = {}): Fields =>
    aPool({ virtualMachineTemplate: vmTemplate({ runStrategy }), ...spec });
  const warning = expect.stringContaining('no roll-out restarts machines of runStrategy');

  test.each(['RerunOnFailure', 'Manual'])('is let in with a word on that: %s', (runStrategy) => {
    const { causes, warnings } = creating(pools, pool(runStrategy));
    expect({ causes, warnings }).toEqual({ causes: [], warnings: [warning] });
    expect(warnings.every((text) => text.length <= 256)).toBe(true);
  });

  test.each<readonly [string, Fields]>([
    ['they come back', pool('Always')],
    ['they run but once', pool('Once')],
    ['they are off', pool('Halted')],
    ['none was asked for', pool('Manual', { updateStrategy: { opportunistic: {} } })],
    ['they are deleted by hand', pool('Manual', { updateStrategy: { type: 'OnDelete' } })],
  ])('needs no word where %s', (_, object) => {
    expect(creating(pools, object)).toEqual({ causes: [], warnings: [] });
  });

  test('is told so with each new template, and not with a new size', () => {
    const before = pool('Manual');
    expect(updating(pools, pool('Manual', { replicas: 7 }), before).warnings).toEqual([]);
    expect(updating(pools, pool('RerunOnFailure'), before).warnings).toEqual([warning]);
    const asleep = pool('Manual', { updateStrategy: { opportunistic: {} } });
    expect(updating(pools, before, asleep).warnings).toEqual([warning]);
  });
});
