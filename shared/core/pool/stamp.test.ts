import { expect, test } from 'vitest';
import { stampVm, type VmStamp } from './stamp.ts';

const stamp: VmStamp = {
  pool: { namespace: 'databases', name: 'pg', uid: 'pool-uid' },
  name: 'pg-7',
  ordinal: 7,
  revision: 'pg-3',
  effect: '0a0b0c0d.5.1.0',
  appendIndexToConfigMapRefs: false,
  appendIndexToSecretRefs: false,
};

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
    appendIndexToConfigMapRefs: true,
    appendIndexToSecretRefs: true,
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

test('leaves the template as it was', () => {
  const before = JSON.stringify(template);
  stampVm(template, { ...stamp, appendIndexToSecretRefs: true });
  expect(JSON.stringify(template)).toBe(before);
});
