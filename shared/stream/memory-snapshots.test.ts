import { describeSnapshots } from '#test/integration/snapshots-contract.ts';
import { createMemorySnapshots } from './memory-snapshots.ts';

describeSnapshots('snapshots in memory', async () => {
  const snapshots = createMemorySnapshots();
  return {
    snapshots,
    spoil: async (shard) => snapshots.spoil(shard),
    [Symbol.asyncDispose]: async () => undefined,
  };
});
