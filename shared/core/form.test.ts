import { expect, test } from 'vitest';
import { currentForm } from '#shared/contract/objects.ts';
import { given } from './testing/given.ts';
import { aPool, aRevision, vms } from './testing/objects.ts';

const old = aPool({ replicas: 1, present: ['scaleInStrategy'] });
const told = {
  ...old,
  meta: { ...old.meta, form: currentForm },
  scaleIn: { type: 'unmanaged' } as const,
};

test('the same version told by a later allow-list takes the place of the earlier one', () => {
  const story = given(old, aRevision()).sees(told);
  expect(story.view.objects.get(old.meta.uid)).toEqual(told);
  story.sees(old);
  expect(story.view.objects.get(old.meta.uid)).toEqual(told);
});

test('a pool whose strategies are named and not told is not scaled before the next survey', () => {
  const story = given(old, aRevision(), ...vms(0, 3));
  story.tells('InvalidTemplate').acts();
  expect(story.plan?.commands.map(({ verb }) => verb)).not.toContain('delete-member');
  story.sees(told).tells(undefined);
  expect(story.view.pending.size).toBe(story.plan?.commands.length);
});
