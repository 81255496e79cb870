import { expect, test } from 'vitest';
import { createMemoryPositions } from './memory-beside.ts';
import { tellPolicy, toldPolicy } from './told-policy.ts';

test('the newest word of a reconciler on its policy is told, and none where there is none', async () => {
  const positions = createMemoryPositions();
  expect(await toldPolicy(positions)).toBeUndefined();
  await tellPolicy(positions, { mode: 'observe', kubevirtControllers: 'running' });
  await tellPolicy(positions, { mode: 'manage', kubevirtControllers: 'off' });
  expect(await toldPolicy(positions)).toEqual({ mode: 'manage', kubevirtControllers: 'off' });
});

test('a word of a newer version that is not known here is not taken for another', async () => {
  const positions = createMemoryPositions();
  await positions.save('policy', { lineage: 'dream', sequence: 0, hash: 'off' });
  expect(await toldPolicy(positions)).toBeUndefined();
});
