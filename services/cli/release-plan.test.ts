import { expect, test } from 'vitest';
import { poolFinalizer } from '#shared/contract/words.ts';
import { freeSteps, isDone, observeSteps, planRelease, wordsFor } from './release-plan.ts';
import { anObject, aPool } from './testing/examined.ts';

const own = { kind: 'VirtualMachinePool', uid: 'web-uid' };
const held = { finalizers: ['foreign', poolFinalizer], owner: own };
const vms = [
  anObject('VirtualMachine', 'web-0', held),
  anObject('VirtualMachine', 'web-1', { ...held, deleted: true }),
  anObject('VirtualMachine', 'other-0', { ...held, owner: { ...own, uid: 'other-uid' } }),
  anObject('VirtualMachine', 'web-2', { owner: own }),
];

test('only living members of the very set are let go', () => {
  const plan = planRelease(aPool('web', { finalizers: [poolFinalizer] }), vms);
  expect(plan).toMatchObject({ setsMode: true, freesSet: true, leaving: 1 });
  expect(plan?.members.map(({ metadata }) => metadata?.name)).toEqual(['web-0']);
  expect(plan && wordsFor(plan)).toHaveLength(4);
});

test('a set that is being deleted comes to its end first', () => {
  expect(planRelease(aPool('web', { deleted: true }), vms)).toBeUndefined();
});

test('a set that only observes and holds nobody needs nothing', () => {
  const plan = planRelease(aPool('web', { annotations: { 'rollcall.dev/mode': 'observe' } }), []);
  expect(plan && isDone(plan)).toBe(true);
});

test('a finalizer is taken out by its place, of the version that was read', () => {
  const [vm] = vms;
  expect(vm && freeSteps(vm)).toEqual([
    { op: 'test', path: '/metadata/uid', value: 'web-0-uid' },
    { op: 'test', path: '/metadata/resourceVersion', value: '7' },
    { op: 'test', path: '/metadata/finalizers/1', value: poolFinalizer },
    { op: 'remove', path: '/metadata/finalizers/1' },
  ]);
});

test.for([
  [
    { other: 'x' },
    { op: 'add', path: '/metadata/annotations/rollcall.dev~1mode', value: 'observe' },
  ],
  [
    undefined,
    { op: 'add', path: '/metadata/annotations', value: { 'rollcall.dev/mode': 'observe' } },
  ],
] as const)('the mode is added, whatever annotations there are: %j', ([annotations, step]) => {
  const { object } = aPool('web', annotations === undefined ? {} : { annotations });
  expect(observeSteps(object)[1]).toEqual(step);
});
