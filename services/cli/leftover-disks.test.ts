import { expect, test } from 'vitest';
import { leftoversIn } from './leftover-disks.ts';
import { anObject, aPoolObject } from './testing/examined.ts';

const pool = aPoolObject('web');
const claim = (name: string, owner?: { readonly kind: string; readonly uid: string }) =>
  anObject('PersistentVolumeClaim', name, {
    spec: { storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
    ...(owner !== undefined && { owner }),
  });
const ofDataVolume = { kind: 'DataVolume', uid: 'disk-2-uid' };
const vm = anObject('VirtualMachine', 'web-1', {
  spec: { template: { spec: { volumes: [{ dataVolume: { name: 'disk-1' } }] } } },
});

test('a free disk under the name of a coming member is told with the member', () => {
  const [found, ...others] = leftoversIn(
    {
      pools: [pool],
      vms: [vm],
      claims: [claim('disk-1'), claim('disk-2', ofDataVolume), claim('mine')],
      dataVolumes: [anObject('DataVolume', 'disk-2')],
    },
    [],
  );
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    claim: 'disk-2',
    size: '1Gi',
    storageClass: 'fast',
    ordinal: 2,
    takenUpBy: { set: 'vmpool/web', member: 'web-2' },
  });
});

test.for([
  ['its DataVolume belongs to a machine', { owner: { kind: 'VirtualMachine', uid: 'x' } }],
  ['its DataVolume is going', { deleted: true }],
] as const)('a disk is not free: %s', ([, fields]) => {
  const disks = {
    pools: [pool],
    vms: [],
    claims: [claim('disk-2', ofDataVolume)],
    dataVolumes: [anObject('DataVolume', 'disk-2', fields)],
  };
  expect(leftoversIn(disks, [])).toEqual([]);
});

test('a disk of a pool that is gone is taken up by nobody, and only the book knows it', () => {
  const disks = { pools: [], vms: [], claims: [claim('disk-2')], dataVolumes: [] };
  expect(leftoversIn(disks, [])).toEqual([]);
});
