import { expect, test } from 'vitest';
import { resourceVersionSchema, shardSchema } from '#shared/contract/ids.ts';
import { kinds } from '#shared/contract/kinds.ts';
import type { Observable } from '#shared/contract/objects.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { decide } from './decide.ts';
import { evolve } from './evolve.ts';
import type { Outcome } from './outcome.ts';
import { checkPlan } from './plan-check.ts';
import { fromSnapshot, toSnapshot } from './snapshot.ts';
import { aMoment, lineage, startedAt } from './testing/given.ts';
import { aPool, aReplicaSet, aRevision, vms } from './testing/objects.ts';
import { emptyView, type View } from './view.ts';

const minutes = 60_000;

test('a log taken up in the middle destroys nothing for 10 minutes, and says why', () => {
  const pool = aPool({ replicas: 2 });
  const view = takenUp(true, pool, aRevision(), ...vms(0, 4));
  const held = answer(view, pool, 0);
  expect(held).toMatchObject({ type: 'tell', held: { reason: 'AgedOut' } });
  const { verbs, wait } = comesToRest(view, pool, 0);
  expect(verbs).not.toContain('delete-member');
  expect(wait.wakeAt).toBe(startedAt + 10 * minutes);
  expect(answer(view, pool, 10 * minutes)).toMatchObject({ type: 'tell', held: { set: {} } });
  expect(comesToRest(view, pool, 10 * minutes).verbs).toContain('delete-member');
});

test('what is missing is made all the same', () => {
  const pool = aPool({ replicas: 4 });
  const view = takenUp(true, pool, aRevision(), ...vms(0, 2));
  const decided = answer(view, pool, 0);
  expect(decided).toMatchObject({
    type: 'act',
    decided: { commands: [{ name: 'web-2' }, { name: 'web-3' }, { verb: 'write-status' }] },
  });
});

test('a whole log holds nothing back', () => {
  const pool = aPool({ replicas: 2 });
  const view = takenUp(false, pool, aRevision(), ...vms(0, 4));
  expect(answer(view, pool, 0)).toMatchObject({
    type: 'act',
    decided: { commands: [{ verb: 'delete-member' }, { verb: 'delete-member' }, {}] },
  });
});

test('a plan that destroys in that time is not sound', () => {
  const pool = aPool({ replicas: 2 });
  const whole = takenUp(false, pool, aRevision(), ...vms(0, 4));
  const decided = answer(whole, pool, 0);
  const careful = takenUp(true, pool, aRevision(), ...vms(0, 4));
  expect(decided.type === 'act' && checkPlan(careful, decided.decided)).toContain(
    'I6 destruction soon after a log was taken up in the middle',
  );
});

test('a later start from a snapshot neither forgets the care nor begins it anew', () => {
  const pool = aReplicaSet();
  const view = takenUp(true, pool);
  const again = fromSnapshot(JSON.parse(JSON.stringify(toSnapshot(view))));
  expect(again?.carefulUntil).toBe(startedAt + 10 * minutes);
  if (again !== undefined) fold(again, [opened], 5 * minutes);
  expect(again?.carefulUntil).toBe(startedAt + 10 * minutes);
});

const opened: LogRecord = { type: 'opened', lineage, codeVersion: 'test', holder: 'test' };

/** What is left of a log: surveys with these objects, then somebody opens the shard. */
function takenUp(hasGap: boolean, ...objects: readonly Observable[]): View {
  const view = emptyView(shardSchema.parse('07'), lineage, hasGap);
  fold(view, [...surveys(...objects), opened]);
  return view;
}

function surveys(...objects: readonly Observable[]): readonly LogRecord[] {
  const resourceVersion = resourceVersionSchema.parse('1000');
  return kinds.flatMap((kind): readonly LogRecord[] => {
    const seen = objects.filter((object) => object.kind === kind);
    return [
      { type: 'survey-began', kind, id: 'survey' },
      ...seen.map((object) => ({ type: 'observed', object, survey: 'survey' }) as const),
      { type: 'surveyed', kind, id: 'survey', resourceVersion, count: seen.length },
    ];
  });
}

function fold(view: View, records: readonly LogRecord[], afterMs = 0): void {
  const sequence = view.sequence + 1;
  evolve(view, { sequence, at: startedAt + afterMs, family: 'fact', records, poison: [] });
}

function answer(view: View, set: Observable, afterMs: number): Outcome {
  return decide(view, set.meta.uid, aMoment(startedAt + afterMs));
}

/** Folds what is decided until nothing is; the verbs on the way, and the wait at its end. */
function comesToRest(view: View, set: Observable, afterMs: number) {
  const verbs: string[] = [];
  for (let round = 0; round < 10; round += 1) {
    const next = answer(view, set, afterMs);
    if (next.type === 'wait') return { verbs, wait: next };
    if (next.type === 'tell') fold(view, [next.held], afterMs);
    if (next.type !== 'act') continue;
    verbs.push(...next.decided.commands.map(({ verb }) => verb));
    fold(view, [next.decided], afterMs);
  }
  throw new Error('never rests');
}
