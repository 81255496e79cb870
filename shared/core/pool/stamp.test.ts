import { expect, test } from 'vitest';
import { effectAnnotation, extraAnnotation } from '#shared/contract/words.ts';
import { aVm } from '../testing/objects.ts';
import { isMarkedExtra } from './extra.ts';
import { stampVm, type VmStamp } from './stamp.ts';

const stamp: VmStamp = {
  pool: { namespace: 'databases', name: 'pg', uid: 'pool-uid' },
  name: 'pg-7',
  ordinal: 7,
  revision: 'pg-3',
  effect: '0a0b0c0d.5.1.0',
  names: {
    appendIndexToConfigMapRefs: false,
    appendIndexToSecretRefs: false,
    setHostnameToVMName: false,
  },
};

test('a member names its pool in the version that the cluster serves', () => {
  const pool = { ...stamp.pool, apiVersion: 'pool.kubevirt.io/v1alpha1' };
  const metadata = {
    ownerReferences: [{ apiVersion: 'pool.kubevirt.io/v1alpha1', uid: 'pool-uid' }],
  };
  expect(stampVm({}, { ...stamp, pool })).toMatchObject({ metadata });
});

test('an extra member of a roll-out says so, by the effect that made it', () => {
  const annotations = { [effectAnnotation]: stamp.effect, [extraAnnotation]: stamp.effect };
  expect(stampVm({}, { ...stamp, isExtra: true })).toMatchObject({ metadata: { annotations } });
});

test('no member is extra because its template was copied from one that was', () => {
  const annotations = { [effectAnnotation]: '0a0b0c0d.1.1.0', [extraAnnotation]: '0a0b0c0d.1.1.0' };
  const made = aVm('pg-7', {
    effect: stamp.effect,
    annotations: { ...annotations, [effectAnnotation]: stamp.effect },
  });
  expect(stampVm({ metadata: { annotations } }, stamp)).toMatchObject({
    metadata: { annotations: made.meta.annotations },
  });
  expect(isMarkedExtra(made)).toBe(false);
});

const template = {
  metadata: {
    name: 'ignored',
    creationTimestamp: null,
    finalizers: ['ignored.example/finalizer'],
    labels: { app: 'pg' },
    annotations: { note: 'kept' },
  },
  spec: {
    runStrategy: 'Always',
    dataVolumeTemplates: [
      { metadata: { name: 'os-disk' }, spec: { storage: {} } },
      { metadata: { name: 'data-disk' } },
    ],
    template: {
      metadata: { labels: { app: 'pg' } },
      spec: {
        domain: {},
        volumes: [
          { name: 'os', dataVolume: { name: 'os-disk' } },
          { name: 'data', persistentVolumeClaim: { claimName: 'data-disk' } },
          { name: 'shared', persistentVolumeClaim: { claimName: 'shared-isos' } },
          { name: 'config', configMap: { name: 'settings' } },
          { name: 'key', secret: { secretName: 'tls' } },
          {
            name: 'init',
            cloudInitNoCloud: {
              secretRef: { name: 'user' },
              networkDataSecretRef: { name: 'net' },
            },
          },
        ],
      },
    },
  },
};

test('gives a member its name, owner, finalizer, revision label and effect', () => {
  const vm = stampVm(template, stamp);
  expect(vm['metadata']).toEqual({
    name: 'pg-7',
    namespace: 'databases',
    labels: { app: 'pg', 'kubevirt.io/vm-pool-revision-name': 'pg-3' },
    annotations: { note: 'kept', 'rollcall.dev/effect': '0a0b0c0d.5.1.0' },
    finalizers: ['pool.kubevirt.io/finalizer'],
    ownerReferences: [
      {
        apiVersion: 'pool.kubevirt.io/v1beta1',
        kind: 'VirtualMachinePool',
        name: 'pg',
        uid: 'pool-uid',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  });
});

test('puts the ordinal behind every disk that the template makes, and behind nothing else', () => {
  const vm = stampVm(template, stamp);
  expect(vm['spec']).toMatchObject({
    runStrategy: 'Always',
    dataVolumeTemplates: [
      { metadata: { name: 'os-disk-7' }, spec: { storage: {} } },
      { metadata: { name: 'data-disk-7' } },
    ],
    template: {
      metadata: { labels: { app: 'pg', 'kubevirt.io/vm-pool-revision-name': 'pg-3' } },
      spec: {
        volumes: [
          { dataVolume: { name: 'os-disk-7' } },
          { persistentVolumeClaim: { claimName: 'data-disk-7' } },
          { persistentVolumeClaim: { claimName: 'shared-isos' } },
          { configMap: { name: 'settings' } },
          { secret: { secretName: 'tls' } },
          { cloudInitNoCloud: { secretRef: { name: 'user' } } },
        ],
      },
    },
  });
});

test('puts the ordinal behind ConfigMaps and Secrets where nameGeneration asks for it', () => {
  const vm = stampVm(template, {
    ...stamp,
    names: { ...stamp.names, appendIndexToConfigMapRefs: true, appendIndexToSecretRefs: true },
  });
  expect(vm['spec']).toMatchObject({
    template: {
      spec: {
        volumes: [
          {},
          {},
          {},
          { configMap: { name: 'settings-7' } },
          { secret: { secretName: 'tls-7' } },
          {
            cloudInitNoCloud: {
              secretRef: { name: 'user-7' },
              networkDataSecretRef: { name: 'net-7' },
            },
          },
        ],
      },
    },
  });
});

test('puts the ordinal behind the answer files of Windows under the same two settings', () => {
  const volumes = [
    { name: 'a', sysprep: { secret: { name: 'answers' } } },
    { name: 'b', sysprep: { configMap: { name: 'answers' } } },
  ];
  const windows = { spec: { template: { spec: { volumes } } } };
  const of = (names: Partial<VmStamp['names']>) =>
    stampVm(windows, { ...stamp, names: { ...stamp.names, ...names } })['spec'];
  const volumesWith = (secret: string, configMap: string) => ({
    template: {
      spec: {
        volumes: [
          { sysprep: { secret: { name: secret } } },
          { sysprep: { configMap: { name: configMap } } },
        ],
      },
    },
  });
  expect(of({})).toMatchObject(volumesWith('answers', 'answers'));
  expect(of({ appendIndexToSecretRefs: true })).toMatchObject(volumesWith('answers-7', 'answers'));
  expect(of({ appendIndexToConfigMapRefs: true })).toMatchObject(
    volumesWith('answers', 'answers-7'),
  );
});

test('gives the machine its own name as host name where nameGeneration asks for it', () => {
  const { spec } = stampVm(template, {
    ...stamp,
    names: { ...stamp.names, setHostnameToVMName: true },
  });
  expect(spec).toMatchObject({ template: { spec: { hostname: 'pg-7' } } });
  expect(stampVm(template, stamp)['spec']).not.toHaveProperty('template.spec.hostname');
});

test('leaves the template as it was', () => {
  const before = JSON.stringify(template);
  stampVm(template, {
    ...stamp,
    names: { ...stamp.names, appendIndexToSecretRefs: true },
  });
  expect(JSON.stringify(template)).toBe(before);
});
