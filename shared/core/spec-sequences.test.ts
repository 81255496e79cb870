import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Observable, Pool, TemplateDigest } from '#shared/contract/objects.ts';
import { revisionLabel } from '#shared/contract/words.ts';
import { Model } from './testing/model.ts';
import { aDigest, aPool, aTemplate, labels } from './testing/objects.ts';

/** What a user may write into a pool, as far as the outcome depends on it. */
type Spec = Partial<Omit<Pool, 'kind' | 'meta' | 'problem'>>;

const digests = fc
  .record({
    part: fc.constantFrom('metadata' as const, 'vmiMetadata', 'vmiSpec'),
    version: fc.constantFrom('v1', 'v2', 'v3'),
  })
  .map(({ part, version }): TemplateDigest => ({
    ...aDigest(),
    [part]: aDigest(version).vmiSpec,
  }));

/** Strategies under which the end does not depend on the way to it. */
const updates = fc.record({
  type: fc.constant('proactive' as const),
  maxUnavailable: fc.constantFrom<number | string>(1, 2, '25%', '100%'),
  maxSurge: fc.constantFrom<number | string>(0, 1, 2, '50%'),
  selection: fc.record({ sort: fc.constantFrom('AscendingOrder' as const, 'Newest', 'Random') }),
});

const scaleIns = fc.record({
  type: fc.constant('proactive' as const),
  selection: fc.record({ sort: fc.constantFrom('DescendingOrder' as const, 'Oldest', 'Random') }),
});

const valid: fc.Arbitrary<Spec> = fc
  .record({
    replicas: fc.integer({ min: 0, max: 5 }),
    digest: digests,
    runStrategy: fc.constantFrom('Always', 'Always', 'Halted'),
    update: updates,
    scaleIn: scaleIns,
  })
  .map(({ digest, runStrategy, ...spec }) => ({
    ...spec,
    ...{ paused: false, selector: { matchLabels: labels } },
    template: aTemplate({ digest: { ...digest, spec: aDigest(runStrategy).vmiSpec }, runStrategy }),
  }));

/** What may be asked for on the way though the end would depend on it: it is taken back before the end. */
const passing: fc.Arbitrary<Spec> = fc
  .record({
    spec: valid,
    paused: fc.boolean(),
    update: fc.constantFrom('proactive' as const, 'opportunistic', 'unmanaged', 'on-delete'),
    scaleIn: fc.constantFrom('proactive' as const, 'opportunistic', 'unmanaged'),
    preservation: fc.constantFrom('Disabled' as const, 'Offline', 'Online'),
  })
  .map(({ spec, paused, update, scaleIn, preservation }) => ({
    ...{ ...spec, paused },
    update: { ...spec.update, type: update },
    scaleIn: { ...spec.scaleIn, type: scaleIn, preservation },
  }));

/** What makes a spec one that cannot be acted on. */
const faults = fc.constantFrom<Spec>(
  { selector: { matchLabels: { app: 'other' } } },
  { selector: { matchExpressions: [{ key: 'app', operator: 'Like', values: ['w'] }] } },
  { template: aTemplate({ labels: { app: 'other' }, digest: aDigest('v9') }) },
  { replicas: 0, selector: { matchLabels: { app: 'other' } } },
  { replicas: 9, template: aTemplate({ labels: {} }) },
);

/** Whole, so that a second one cannot mend the first: together two may be a spec that lets members go. */
const spoilt = fc.tuple(valid, faults).map(([spec, fault]): Spec => ({ ...spec, ...fault }));

const seeds = fc.integer({ min: 0, max: 10_000 });

/** All that a pool has come to, but for names, revisions and other history. */
function stateOf({ cluster }: Model): unknown {
  const { set } = cluster;
  const {
    observedGeneration,
    currentRevision: _,
    updateRevision: __,
    ...status
  } = set?.status ?? {};
  const from = ({ meta }: Observable): unknown => {
    const kept = cluster.named('ControllerRevision', meta.labels[revisionLabel] ?? '');
    return kept?.kind === 'ControllerRevision' ? kept.digest : undefined;
  };
  return {
    status,
    isTold: observedGeneration === set?.meta.generation,
    machines: [
      ...cluster.ofKind('VirtualMachine'),
      ...cluster.ofKind('VirtualMachineInstance'),
    ].map((object) => ({
      kind: object.kind,
      from: from(object),
      ready: 'ready' in object ? object.ready : undefined,
      finalizers: object.meta.finalizers.toSorted(),
      owners: object.meta.owners.length,
    })),
  };
}

function start(seed: number, spec: Spec): Model {
  return new Model(seed, aPool({ finalizers: [], ...spec })).run(0);
}

function follow(seed: number, [first = {}, ...rest]: readonly Spec[]): Model {
  const model = start(seed, first);
  // People do not wait for the end of what they asked for before.
  for (const spec of rest) model.edits(spec).goesOn(seed % 97);
  return model.run(0);
}

const steps = fc.oneof(
  { weight: 2, arbitrary: valid },
  { weight: 3, arbitrary: passing },
  { weight: 1, arbitrary: spoilt },
);
const ways = fc.array(steps, { minLength: 1, maxLength: 4 });

test(
  'a pool comes to the state of a fresh start at its last spec, whatever was asked for before',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(seeds, valid, ways, valid, (seed, first, way, end) => {
        expect(stateOf(follow(seed, [first, ...way, end]))).toEqual(stateOf(start(seed + 1, end)));
      }),
      { numRuns: 40 },
    );
  },
);

test(
  'a spec in between that cannot be used is as if it had never been',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(seeds, valid, faults, valid, (seed, before, fault, end) => {
        const model = start(seed, before);
        const stood = written(model);
        model.edits({ ...before, ...fault }).run(0);
        expect(written(model)).toEqual(stood);
        model.edits(end).run(0);
        expect(stateOf(model)).toEqual(stateOf(follow(seed, [before, end])));
      }),
      { numRuns: 40 },
    );
  },
);

/** What stands beside the pool, by uid and version: nothing may be written, not even the same. */
function written({ cluster }: Model): unknown {
  return [...cluster.objects.values()]
    .filter(({ kind }) => kind !== 'VirtualMachinePool')
    .map(({ meta }) => [meta.uid, meta.resourceVersion]);
}
