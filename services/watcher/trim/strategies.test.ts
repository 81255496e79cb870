import { expect, test } from 'vitest';
import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import { observableSchema } from '#shared/contract/objects.ts';
import { samples, vmTemplate } from '../testing/samples.ts';
import { durationOf } from './duration.ts';
import { trimPool } from './pool.ts';

const key = digestKeyOf(Buffer.alloc(32, 1));

function pool(spec: Readonly<Record<string, unknown>>) {
  const raw = {
    ...samples.VirtualMachinePool,
    spec: { selector: {}, virtualMachineTemplate: vmTemplate, ...spec },
  };
  const told = trimPool(raw, key);
  expect(observableSchema.parse(told)).toEqual(told);
  return told;
}

test('a pool without strategies has none, and null is the same as absent', () => {
  for (const spec of [
    {},
    { scaleInStrategy: null, updateStrategy: null, autohealing: null, maxUnavailable: null },
    { scaleInStrategy: {}, updateStrategy: {} },
    { scaleInStrategy: { proactive: null } },
  ]) {
    const told = pool(spec);
    for (const field of ['scaleIn', 'update', 'healing', 'maxUnavailable', 'problem']) {
      expect(told).not.toHaveProperty(field);
    }
  }
});

test.each(['proactive', 'opportunistic', 'unmanaged'] as const)(
  'the strategy %s is told for sizing down and for updates',
  (type) => {
    const told = pool({ scaleInStrategy: { [type]: {} }, updateStrategy: { [type]: {} } });
    expect(told).toMatchObject({ scaleIn: { type }, update: { type } });
    expect(told).not.toHaveProperty('problem');
  },
);

test.each(['AscendingOrder', 'DescendingOrder', 'Newest', 'Oldest', 'Random'])(
  'the sort policy %s is told, and an unknown one reads as none',
  (sortPolicy) => {
    const selectionPolicy = { sortPolicy };
    expect(pool({ scaleInStrategy: { proactive: { selectionPolicy } } })).toMatchObject({
      scaleIn: { selection: { sort: sortPolicy } },
    });
    const unknown = { sortPolicy: `${sortPolicy}!` };
    const told = pool({ scaleInStrategy: { proactive: { selectionPolicy: unknown } } });
    expect(told.scaleIn).toEqual({ type: 'proactive', selection: {} });
  },
);

test('selectors are told as they stand, a broken one too: it must not read as all', () => {
  const selectors = {
    labelSelector: { matchExpressions: [{ key: 'tier', operator: 'Sounds' }] },
    nodeSelectorRequirementMatcher: [{ key: 'cores', operator: 'Gt', values: ['4'] }, null],
  };
  const told = pool({ scaleInStrategy: { proactive: { selectionPolicy: { selectors } } } });
  expect(told.scaleIn?.selection).toEqual({
    labels: { matchExpressions: [{ key: 'tier', operator: 'Sounds' }] },
    nodes: [
      { key: 'cores', operator: 'Gt', values: ['4'] },
      { key: '', operator: '' },
    ],
  });
});

test.each([
  ['Disabled', 'Disabled'],
  ['Online', 'Online'],
  ['Unheard', 'Offline'],
])('the state preservation %s reads as %s: an unknown word loses no disk', (word, preservation) => {
  for (const type of ['proactive', 'opportunistic']) {
    const told = pool({ scaleInStrategy: { [type]: { statePreservation: word } } });
    expect(told.scaleIn).toEqual({ type, preservation });
  }
});

test('two strategies at once are a problem, and the one that removes least is told', () => {
  const told = pool({ scaleInStrategy: { proactive: {}, unmanaged: {} } });
  expect(told).toMatchObject({
    scaleIn: { type: 'unmanaged' },
    problem: expect.stringMatching(/more than one/),
  });
});

test('the spelling of other workloads reads as proactive with its limits', () => {
  const rollingUpdate = { maxUnavailable: 1, maxSurge: 0 };
  expect(pool({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } }).update).toEqual({
    type: 'proactive',
    maxUnavailable: 1,
    maxSurge: 0,
  });
  expect(pool({ updateStrategy: { type: 'OnDelete' } }).update).toEqual({ type: 'on-delete' });
  expect(pool({ updateStrategy: { type: 'RollingUpdate' } }).update).toEqual({ type: 'proactive' });
});

test.each([
  [{ type: 'Recreate' }, /neither RollingUpdate nor OnDelete/],
  [{ type: 'OnDelete', proactive: {} }, /are both set/],
  [{ rollingUpdate: {} }, /without/],
  [{ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } }, /maxUnavailable/],
  [{ type: 'RollingUpdate', rollingUpdate: { maxSurge: '1' } }, /maxSurge/],
])('the update strategy %j is a problem', (updateStrategy, problem) => {
  expect(pool({ updateStrategy }).problem).toMatch(problem);
});

test('nobody has to be missing where extra members may come', () => {
  const rollingUpdate = { maxUnavailable: 0, maxSurge: '10%' };
  const told = pool({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });
  expect(told).toMatchObject({ update: { maxUnavailable: 0, maxSurge: '10%' } });
  expect(told).not.toHaveProperty('problem');
});

test.each([1, 7, '1%', '100%'])('maxUnavailable may be %j', (maxUnavailable) => {
  expect(pool({ maxUnavailable })).toMatchObject({ maxUnavailable });
});

test.each([0, -1, 1.5, '0%', '101%', '5', 'hunter2', true])(
  'maxUnavailable %j is a problem and is not repeated',
  (maxUnavailable) => {
    const told = pool({ maxUnavailable });
    expect(told.problem).toMatch(/^spec.maxUnavailable is neither/);
    expect(told).not.toHaveProperty('maxUnavailable');
  },
);

test('healing is on as soon as it is set, with what it says', () => {
  expect(pool({ autohealing: {} }).healing).toEqual({});
  const autohealing = { startUpFailureThreshold: 5, minFailingToStartDuration: '1h30m' };
  expect(pool({ autohealing }).healing).toEqual({ failures: 5, failingMs: 5_400_000 });
  expect(pool({ autohealing: { startUpFailureThreshold: 0 } }).problem).toMatch(/from 1 on/);
  expect(pool({ autohealing: { minFailingToStartDuration: 'soon' } }).problem).toMatch(/duration/);
});

test.each([
  ['0', 0],
  ['5m', 300_000],
  ['1.5s', 1500],
  ['2h45m30.5s', 9_930_500],
  ['300ms', 300],
  ['.5m', 30_000],
])('the duration %s is %i milliseconds', (text, ms) => {
  expect(durationOf(text)).toBe(ms);
});

test.each(['', '5', '-5m', '5 m', 'm', '5d', '5m!', 300, null])('%j is no duration', (value) => {
  expect(durationOf(value)).toBeUndefined();
});

test('names follow what nameGeneration says, all three of it', () => {
  const nameGeneration = {
    appendIndexToConfigMapRefs: true,
    appendIndexToSecretRefs: false,
    setHostnameToVMName: true,
  };
  expect(pool({ nameGeneration }).nameGeneration).toEqual(nameGeneration);
});
