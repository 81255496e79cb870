import { expect, test } from 'vitest';
import { shardSchema, uid } from '#shared/contract/ids.ts';
import { recordSchema } from '#shared/contract/records.ts';
import { decide } from './decide.ts';
import { evolve } from './evolve.ts';
import { setsOf } from './sets.ts';
import { fromSnapshot, toSnapshot } from './snapshot.ts';
import { diceOf } from './testing/dice.ts';
import { aMoment, given, lineage } from './testing/given.ts';
import { Model } from './testing/model.ts';
import { aPool, aReplicaSet, aTemplateWithDisks } from './testing/objects.ts';
import { emptyView, type Entry, type View } from './view.ts';

const seeds = Array.from({ length: 12 }, (_, seed) => seed);

test.each(seeds)('a pool is folded on from a snapshot as if never stopped (seed %i)', (seed) => {
  const template = aTemplateWithDisks('data');
  expectAlike(seed, new Model(seed, aPool({ finalizers: [], replicas: 4, template })).run(500));
});

test.each(seeds)('a replica set is folded on from a snapshot alike (seed %i)', (seed) => {
  expectAlike(seed, new Model(seed, aReplicaSet({ replicas: 4 })).run(500));
});

test('what was unreadable, held and refused survives a snapshot', () => {
  const story = given(aPool({ replicas: 2 }));
  story.acts().settles('create-revision', { outcome: 'refused', reason: 'Forbidden', code: 403 });
  story.reads({ namespace: 'default', problem: 'not JSON' });
  const memory = story.view.memories.get(story.uid);
  expect(memory).toBeDefined();
  memory?.freed.add(uid('let go'));
  if (memory !== undefined) {
    memory.pruned = new Set(['availableReplicas']);
    memory.contestedAt = story.now;
    memory.templateChangedAt = 7;
  }
  const again = throughJson(story.view);
  expect(again?.memories.get(story.uid)).toEqual(memory);
  expect(again && toSnapshot(again)).toEqual(toSnapshot(story.view));
  expect(toSnapshot(story.view)).toMatchObject({ poisoned: [['default', story.view.sequence]] });
});

test('a snapshot stays true while the view goes on', () => {
  const story = given(aPool({ replicas: 2 }));
  story.acts();
  const snapshot = toSnapshot(story.view);
  const text = JSON.stringify(snapshot);
  story.settles('create-revision', { outcome: 'refused', reason: 'Forbidden' }).acts();
  story.begins('VirtualMachine', 'another');
  expect(JSON.stringify(snapshot)).toBe(text);
});

test('what is no snapshot of this version is not taken for one', () => {
  const snapshot = toSnapshot(given(aPool()).view);
  expect(fromSnapshot(snapshot)).toBeDefined();
  expect(fromSnapshot({ ...snapshot, version: snapshot.version + 1 })).toBeUndefined();
  expect(fromSnapshot({ ...snapshot, later: true })).toBeUndefined();
  expect(fromSnapshot({ ...snapshot, objects: [{}] })).toBeUndefined();
  expect(fromSnapshot(undefined)).toBeUndefined();
});

/** Two views of one history, one of them put away and taken out again now and then. */
function expectAlike(seed: number, model: Model): void {
  const dice = diceOf(seed);
  const whole = freshView();
  let restored = freshView();
  for (const entry of model.log.map(asRead)) {
    if (dice.oneIn(60)) restored = throughJson(restored) ?? freshView();
    expect(evolve(restored, entry)).toEqual(evolve(whole, entry));
    const moment = aMoment(entry.at + 1);
    for (const set of setsOf(whole)) {
      expect(JSON.stringify(decide(restored, set, moment))).toBe(
        JSON.stringify(decide(whole, set, moment)),
      );
    }
  }
  expect(toSnapshot(throughJson(restored) ?? freshView())).toEqual(toSnapshot(restored));
}

function throughJson(view: View): View | undefined {
  return fromSnapshot(JSON.parse(JSON.stringify(toSnapshot(view))));
}

/** As the log hands it out, its fields in the order of the schema. */
function asRead(entry: Entry): Entry {
  return { ...entry, records: entry.records.map((record) => recordSchema.parse(record)) };
}

function freshView(): View {
  return emptyView(shardSchema.parse('07'), lineage);
}
