import { expect, test } from 'vitest';
import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { familyOf } from '#shared/stream/frame.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { openStore } from '#shared/store/open-store.ts';
import { colorsFor } from '../../services/cli/colors.ts';
import { readStory, storyAnswer } from '../../services/cli/story.ts';
import { foldMessage } from '../../services/recorder/fold-message.ts';
import { loadPosition } from '../../services/recorder/load-state.ts';
import { emptyState } from '../../services/recorder/state.ts';
import { writeBatch } from '../../services/recorder/write-batch.ts';
import { addChanges, noChanges } from '../../services/recorder/changes.ts';
import { createBook } from './book-database.ts';
import {
  aPool,
  anEffect,
  began,
  currentVersion,
  decidedCreates,
  sawVm,
  seen,
  settled,
  shard,
} from './book-story.ts';

/** `rollcall history --all`: the whole story of a set, out of a real book. */

const scope = { namespace: 'demo', set: { kind: 'VirtualMachinePool', name: 'web' } } as const;

async function storyOf(records: readonly LogRecord[]) {
  await using book = await createBook();
  await using recorder = openStore({ databaseUrl: book.urlFor('recorder'), name: 'recorder' });
  let now = began;
  const log = new MemoryBroker({ now: () => (now += 1_000) }).open();
  const [state, changes] = [emptyState(), noChanges()];
  const { lineage } = log.identity;
  for (const [index, record] of records.entries()) {
    const message = { sequence: index + 1, at: began + index * 1_000, shard, hash: '' };
    const family = familyOf(record);
    addChanges(
      changes,
      foldMessage(state, lineage, { ...message, family, records: [record], poison: [] }),
    );
  }
  const position = { lineage, sequence: records.length, turn: 0 };
  await writeBatch(recorder.db, await loadPosition(recorder.db), { changes, position });
  await using reader = openStore({ databaseUrl: book.urlFor('reader'), name: 'reader' });
  const all = await readStory(reader.db, scope, 100);
  const elsewhere = await readStory(reader.db, { namespace: 'other', set: undefined }, 100);
  return { all, elsewhere };
}

function annotated(mode: string): ReturnType<typeof aPool> {
  const pool = aPool(1, { paused: true });
  return { ...pool, meta: { ...pool.meta, annotations: { 'rollcall.dev/mode': mode } } };
}

/** Seen at an older version than everything else. */
function oldest(pool: ReturnType<typeof aPool>): LogRecord {
  return seen({
    ...pool,
    meta: { ...pool.meta, resourceVersion: resourceVersionSchema.parse('50') },
  });
}

/** The member without its owner, as somebody has made it. */
function orphaned(name: string): LogRecord {
  const record = sawVm(name);
  if (record.type !== 'observed') throw new Error('a member is seen');
  return seen({ ...record.object, meta: { ...record.object.meta, owners: [] } });
}

test('edits, decisions, adoptions and members that leave stand between the sizes, with who did it', async () => {
  const paused = seen(aPool(1, { paused: true }));
  const edit: LogRecord = {
    type: 'attributed',
    source: 'audit',
    id: 'pause',
    verb: 'patch',
    object: {
      kind: 'VirtualMachinePool',
      namespace: 'demo',
      name: 'web',
      uid: uid('web-uid'),
      resourceVersion: currentVersion(),
    },
    manager: 'kubectl-patch',
    user: 'alice',
    groups: [],
    receivedAt: new Date(began).toISOString(),
    answeredAt: new Date(began).toISOString(),
  };
  const adopted = settled(anEffect(2, 0), 'applied');
  if (adopted.type !== 'settled') throw new Error('an outcome settles');
  const { all, elsewhere } = await storyOf([
    oldest(aPool(1)),
    decidedCreates(1, ['web-0']),
    sawVm('web-0'),
    paused,
    edit,
    seen(annotated('manage')),
    { ...adopted, verb: 'adopt-member', name: 'web-7' },
    orphaned('web-0'),
  ]);
  expect(
    all.map(({ operation, change, actor, grade }) => [operation, change, actor, grade].join(' | ')),
  ).toEqual([
    'created | – → 1 | kubectl-client-side-apply | inferred',
    'decided | 1 create-vm: 1 short | rollcall | proven',
    'changed | paused false → true | alice | corroborated',
    'changed | rollcall.dev/mode – → manage |  | unknown',
    'adopted | web-7 | rollcall | proven',
    'member left | web-0 |  | unknown',
  ]);
  expect(elsewhere).toEqual([]);
  const look = { now: new Date(began + 60_000), colors: colorsFor(false) };
  expect(storyAnswer(all, look, true).table()).toMatch(/^NAMESPACE +WHEN +SET +OPERATION/);
});
