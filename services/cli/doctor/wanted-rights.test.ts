import { expect, test } from 'vitest';
import { wantedRights, wordsForAttempt } from './wanted-rights.ts';

const asked = (isManaging: boolean) =>
  wantedRights(isManaging)
    .filter(({ who }) => who === 'executor')
    .map(({ attempt }) => wordsForAttempt(attempt));

test.each([
  'patch datavolumes.cdi.kubevirt.io',
  'patch persistentvolumeclaims',
  'create controllerrevisions.apps',
  'patch virtualmachineinstancereplicasets.kubevirt.io',
  'delete virtualmachines.kubevirt.io',
])('who manages is asked for the right to %s', (right) => {
  expect(asked(true)).toContain(right);
});

test('nobody is asked for a right to write before something is managed', () => {
  expect(asked(false)).toEqual([]);
});
