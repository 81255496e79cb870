import { expect, test } from 'vitest';
import { allShards, clusterShard, namespaceShards, shardOf } from './shards.ts';

test('spreads namespaces over 64 shards, the same way for ever', () => {
  expect(namespaceShards).toHaveLength(64);
  expect(allShards).toHaveLength(65);
  const names = Array.from({ length: 2_000 }, (_, number) => `namespace-${number}`);
  expect(new Set(names.map((name) => shardOf('cluster', name))).size).toBe(64);
  // sha256('6f0a/default') begins with fef80287.
  expect(shardOf('6f0a', 'default')).toBe('07');
});

test('keeps what belongs to no namespace apart', () => {
  expect(shardOf('cluster', '')).toBe(clusterShard);
});
