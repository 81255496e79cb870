import { expect, test } from 'vitest';

import type { ResourceDefinition } from '../store/types.ts';
import {
  aPool,
  namespaceDefinition,
  poolDefinition,
  poolVersion,
} from '#test/support/fake-store.ts';
import { tableOf } from './tables.ts';

const nowMs = Date.parse('2026-11-21T04:05:41Z');
const pools = { definition: poolDefinition, version: poolVersion };

function builtin(plural: string, group = ''): { definition: ResourceDefinition } {
  return { definition: { ...namespaceDefinition, group, plural } };
}

function rowOf(plural: string, object: unknown, group = ''): unknown {
  const version = { name: 'v1', served: true, storage: true, status: false, columns: [] };
  return tableOf({ ...builtin(plural, group), version }, object, { include: 'None', nowMs });
}

test('shows a list with declared columns, an empty cell where nothing is', () => {
  const empty = { metadata: { name: 'b', creationTimestamp: '2026-11-21T04:05:40Z' } };
  const list = { metadata: { resourceVersion: '9', continue: '' }, items: [aPool('a', 5), empty] };
  expect(tableOf(pools, list, { include: 'None', nowMs })).toMatchObject({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '9' },
    columnDefinitions: [
      { name: 'Name', format: 'name' },
      { name: 'Desired', type: 'integer', format: '', priority: 0 },
      { name: 'Age', type: 'date' },
    ],
    rows: [
      { cells: ['a', 3, '5m41s'], object: null },
      { cells: ['b', null, '1s'], object: null },
    ],
  });
});

test('puts the metadata beside the cells unless the whole object or nothing is asked for', () => {
  const rows = (include: 'Metadata' | 'Object'): unknown =>
    tableOf(pools, aPool('a', 5), { include, nowMs });
  expect(rows('Metadata')).toMatchObject({
    metadata: { resourceVersion: '5' },
    rows: [{ object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } }],
  });
  expect(rows('Object')).toMatchObject({ rows: [{ object: { spec: { replicas: 3 } } }] });
});

test('says of each whole object beside cells what kind it is', () => {
  const version = { name: 'v1', served: true, storage: true, status: false, columns: [] };
  const definition = { ...namespaceDefinition, group: '', kind: 'Event', plural: 'events' };
  const list = { items: [{ metadata: { name: 'a' } }] };
  expect(tableOf({ definition, version }, list, { include: 'Object', nowMs })).toMatchObject({
    rows: [{ object: { kind: 'Event', apiVersion: 'v1' } }],
  });
});

test('shows claims and volumes as kubectl users know them', () => {
  const claim = {
    metadata: { name: 'data', creationTimestamp: '2026-11-21T04:05:00Z' },
    spec: { volumeName: 'pv-1', storageClassName: 'fast', volumeMode: 'Filesystem' },
    status: {
      phase: 'Bound',
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
    },
  };
  expect(rowOf('persistentvolumeclaims', claim)).toMatchObject({
    rows: [
      {
        cells: ['data', 'Bound', 'pv-1', '1Gi', 'RWO,RWX', 'fast', '<unset>', '41s', 'Filesystem'],
      },
    ],
  });
  const volume = {
    metadata: { name: 'pv-1', creationTimestamp: '2026-11-21T04:05:00Z' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: { namespace: 'default', name: 'data' },
      storageClassName: 'fast',
    },
    status: { phase: 'Bound' },
  };
  expect(rowOf('persistentvolumes', volume)).toMatchObject({
    rows: [
      {
        cells: [
          'pv-1',
          '1Gi',
          'RWO',
          'Delete',
          'Bound',
          'default/data',
          'fast',
          '<unset>',
          '',
          '41s',
          '<unset>',
        ],
      },
    ],
  });
});

test('shows events, services, secrets and revisions', () => {
  const event = {
    metadata: { name: 'web.1' },
    type: 'Normal',
    reason: 'SuccessfulCreate',
    message: 'Created VM web-0\n',
    count: 2,
    involvedObject: { kind: 'VirtualMachinePool', name: 'web' },
    source: { component: 'rollcall' },
    firstTimestamp: '2026-11-21T04:00:00Z',
    lastTimestamp: '2026-11-21T04:05:31Z',
  };
  expect(rowOf('events', event)).toMatchObject({
    rows: [
      {
        cells: ['10s', 'Normal', 'SuccessfulCreate', 'virtualmachinepool/web', '', 'rollcall']
          .concat(['Created VM web-0', '5m41s'])
          .concat([2, 'web.1'] as never[]),
      },
    ],
  });
  const metadata = { name: 'a', creationTimestamp: '2026-11-21T04:05:00Z' };
  const spec = { type: 'ClusterIP', clusterIP: '10.96.0.1', ports: [{ port: 443 }] };
  expect(rowOf('services', { metadata, spec })).toMatchObject({
    rows: [{ cells: ['a', 'ClusterIP', '10.96.0.1', '<none>', '443/TCP', '41s', '<none>'] }],
  });
  expect(rowOf('secrets', { metadata, type: 'Opaque', data: { x: '', y: '' } })).toMatchObject({
    rows: [{ cells: ['a', 'Opaque', 2, '41s'] }],
  });
  const owner = { apiVersion: 'pool.kubevirt.io/v1beta1', kind: 'VirtualMachinePool', name: 'web' };
  const ownerReferences = [{ ...owner, controller: true }];
  expect(
    rowOf(
      'controllerrevisions',
      { metadata: { ...metadata, ownerReferences }, revision: 3 },
      'apps',
    ),
  ).toMatchObject({
    rows: [{ cells: ['a', 'virtualmachinepool.pool.kubevirt.io/web', 3, '41s'] }],
  });
});

test('marks the storage class that is taken where none is named', () => {
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  const metadata = { name: 'fast', annotations, creationTimestamp: '2026-11-21T04:05:00Z' };
  expect(rowOf('storageclasses', { metadata, provisioner: 'p' }, 'storage.k8s.io')).toMatchObject({
    rows: [{ cells: ['fast (default)', 'p', 'Delete', 'Immediate', false, '41s'] }],
  });
});
