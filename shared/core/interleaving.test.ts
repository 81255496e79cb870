import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Observable } from '#shared/contract/objects.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { given, type Story } from './testing/given.ts';
import {
  aForeignVm,
  aPool,
  aRevision,
  aTemplateWithDisks,
  aVmWithDisk,
  later,
  terminating,
  vms,
} from './testing/objects.ts';

/** What happened to one object, in order. */
type History = readonly LogRecord[];

const template = aTemplateWithDisks('data');

const seen = (object: Observable): LogRecord => ({ type: 'observed', object });

function gone({ kind, meta }: Observable): LogRecord {
  const { namespace, name, uid, resourceVersion } = meta;
  return { type: 'vanished', kind, namespace, name, uid, resourceVersion };
}

const poolHistory = fc
  .array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 4 })
  .map((sizes): History => {
    let pool = aPool({ template, replicas: sizes[0] ?? 1 });
    const history = [seen(pool)];
    for (const replicas of sizes.slice(1)) {
      pool = later({ ...pool, replicas }, { generation: (pool.meta.generation ?? 0) + 1 });
      history.push(seen(pool));
    }
    return history;
  });

const fates = ['stands', 'changes', 'terminates', 'vanishes'] as const;

function historyOf(object: Observable, fate: (typeof fates)[number]): History {
  const changed = later(object, { labels: { ...object.meta.labels, touched: 'yes' } });
  const ending = terminating(changed);
  switch (fate) {
    case 'stands':
      return [seen(object)];
    case 'changes':
      return [seen(object), seen(changed)];
    case 'terminates':
      return [seen(object), seen(changed), seen(ending)];
    case 'vanishes':
      return [seen(object), seen(ending), gone(ending)];
  }
}

const histories = fc
  .record({
    pool: poolHistory,
    members: fc.array(fc.constantFrom(...fates), { maxLength: 7 }),
    disks: fc.array(fc.constantFrom(...fates), { maxLength: 3 }),
    foreign: fc.constantFrom(...fates),
  })
  .map(({ pool, members, disks, foreign }): readonly History[] => [
    pool,
    [seen(aRevision())],
    ...vms(0, members.length).map((vm, at) => historyOf(vm, members[at] ?? 'stands')),
    ...disks.flatMap((fate, at) =>
      aVmWithDisk(`web-${at + 20}`, `data-${at}`).map((object) => historyOf(object, fate)),
    ),
    historyOf(aForeignVm('web-3', { uid: 'foreign' }), foreign),
  ]);

/** Any order that keeps each object's own, with repeats of what was said before. */
function interleaved(parts: readonly History[], choices: readonly number[]): readonly LogRecord[] {
  const left = parts.map((part) => [...part]);
  const told: LogRecord[] = [];
  for (let step = 0; left.some((part) => part.length > 0); step += 1) {
    const choice = choices[step % choices.length] ?? 0;
    const open = left.filter((part) => part.length > 0);
    const next = open[choice % open.length]?.shift();
    if (next !== undefined) told.push(next);
    const again = told[choice % told.length];
    if (choice % 3 === 0 && again !== undefined) told.push(again);
  }
  return told;
}

/** The answer without the sequence up to which it was folded. */
function answerOf(story: Story): unknown {
  const answer = story.outcome(aPool().meta.uid);
  switch (answer.type) {
    case 'act':
      return { ...answer.decided, basis: 0 };
    case 'tell':
      return { ...answer.held, basis: 0 };
    case 'wait':
      return answer;
  }
}

/** Tells holds, so that what comes after them is compared too. */
function answersOf(records: readonly LogRecord[]): readonly unknown[] {
  const story = given().folds(...records);
  const first = answerOf(story);
  const outcome = story.outcome(aPool().meta.uid);
  if (outcome.type === 'tell') return [first, answerOf(story.folds(outcome.held))];
  return [first];
}

test('any order and repetition of the same facts leads to the same decision', () => {
  fc.assert(
    fc.property(
      histories,
      fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 40 }),
      (parts, choices) => {
        expect(answersOf(interleaved(parts, choices))).toEqual(answersOf(parts.flat()));
      },
    ),
    { numRuns: 300 },
  );
});

test('surveys that repeat what is known change no decision', () => {
  fc.assert(
    fc.property(histories, (parts) => {
      const story = given().folds(...parts.flat());
      const before = answerOf(story);
      for (const kind of [...story.view.kinds.keys()]) {
        const objects = [...story.view.objects.values()].filter((object) => object.kind === kind);
        story.surveys(kind, objects, 2000);
      }
      expect(answerOf(story)).toEqual(before);
    }),
  );
});
