import { expect, test } from 'vitest';
import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import { clusterShard, shardOf } from '#shared/stream/shards.ts';
import { createPlaces } from './places.ts';
import { trim } from './trim/trim.ts';

const key = digestKeyOf(Buffer.alloc(32));
const clusterId = 'cluster-1';

function volume(claimNamespace?: string) {
  const claimRef =
    claimNamespace === undefined ? undefined : { namespace: claimNamespace, name: 'c' };
  const metadata = { name: 'pv', uid: 'u', resourceVersion: '1' };
  return trim('PersistentVolume', { metadata, spec: { claimRef } }, key);
}

test('an object is told in the shard of its namespace', () => {
  const metadata = { name: 'vm', namespace: 'shop', uid: 'u', resourceVersion: '1' };
  const vm = trim('VirtualMachine', { metadata }, key);
  expect(createPlaces(clusterId).of(vm)).toEqual([shardOf(clusterId, 'shop')]);
});

test('a volume follows its claim, and is told once more in the shard that it leaves', () => {
  const places = createPlaces(clusterId);
  const [shop, bank] = [shardOf(clusterId, 'shop'), shardOf(clusterId, 'bank')];
  expect(shop).not.toBe(bank);
  expect(places.at(volume())).toBe(clusterShard);
  expect(places.of(volume('shop'))).toEqual([clusterShard, shop]);
  expect(places.of(volume('shop'))).toEqual([shop]);
  expect(places.of(volume('bank'))).toEqual([shop, bank]);
  places.forget(volume('bank'));
  expect(places.of(volume())).toEqual([clusterShard]);
});
