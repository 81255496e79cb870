import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { BookTables } from '#shared/store/tables.ts';
import { activityFrom, holdingFrom, testimonyFrom, volumeFrom } from './from-tables.ts';
import {
  emptyState,
  mostSizes,
  placeBegun,
  placeHolding,
  placeSize,
  placeTestimony,
  traceEffect,
} from './state.ts';
import type { BookState } from './state.ts';
import { placeVolume } from './volumes.ts';
import type { BookPosition } from './write-batch.ts';

/** How long the fold remembers what has gone: the disks of a member may go long after it. */
export const rememberGoneMs = 24 * 3_600_000;

const pageSize = 10_000;

export async function loadPosition(db: Kysely<BookTables>): Promise<BookPosition | undefined> {
  const row = await db.selectFrom('book.position').selectAll().executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    lineage: row.lineage,
    sequence: row.sequence,
    turn: row.turn,
    chainSequence: row.chain_sequence,
    chainHash: row.chain_hash,
    ...(row.hash === null ? {} : { hash: row.hash }),
    ...(row.began_at === null ? {} : { beganAt: row.began_at.getTime() }),
    ...(row.at === null ? {} : { at: row.at.getTime() }),
    ...(row.surveys_from === null ? {} : { surveysFrom: row.surveys_from }),
  };
}

/** The fold's memory as of a position, from the tables that it wrote. Open surveys are not in it. */
export async function loadState(
  db: Kysely<BookTables>,
  position: BookPosition | undefined,
): Promise<BookState> {
  const state = emptyState();
  if (position === undefined) return state;
  state.beganAt = position.beganAt;
  state.chainSequence = position.chainSequence;
  const since = new Date((position.at ?? 0) - rememberGoneMs);
  await loadHoldings(db, state, since);
  await loadActivities(db, state, since);
  await loadHolds(db, state);
  await loadVolumes(db, state, since);
  await loadTestimonies(db, state, since);
  await loadSurveys(db, state, position.turn);
  return state;
}

async function loadHoldings(db: Kysely<BookTables>, state: BookState, since: Date): Promise<void> {
  for (let after = ''; ;) {
    const rows = await db
      .selectFrom('book.holding')
      .selectAll()
      .where('uid', '>', after)
      .where('voided', '=', false)
      .where((where) => where.or([where('gone_at', 'is', null), where('gone_at', '>=', since)]))
      .orderBy('uid')
      .limit(pageSize)
      .execute();
    for (const row of rows) {
      const holding = holdingFrom(row);
      placeHolding(state, holding);
      if (holding.purposeEffect !== undefined) {
        traceEffect(state, holding.purposeEffect).member = holding.uid;
      }
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = last.uid;
  }
}

async function loadActivities(
  db: Kysely<BookTables>,
  state: BookState,
  since: Date,
): Promise<void> {
  const open = await db
    .selectFrom('book.activity')
    .selectAll()
    .where('finished_at', 'is', null)
    .orderBy('id')
    .execute();
  for (const activity of open.map(activityFrom)) {
    const { uid } = activity.set;
    state.open.set(uid, [...(state.open.get(uid) ?? []), activity]);
  }
  const { rows } = await sql<BookTables['book.activity']>`
    select * from (
      select a.*, row_number() over (partition by set_uid order by id desc) as place
      from book.activity a
      where operation <> 'member-replaced' and set_uid in (
        select uid from book.holding where gone_at is null or gone_at >= ${since})) newest
    where place <= ${mostSizes} order by id`.execute(db);
  for (const activity of [...rows, ...open].map(activityFrom)) {
    if (activity.operation !== 'member-replaced') placeSize(state, activity);
  }
}

/** What sources told within the last day, and the operations of that time that they may yet tell of. */
async function loadTestimonies(
  db: Kysely<BookTables>,
  state: BookState,
  since: Date,
): Promise<void> {
  const begun = await db
    .selectFrom('book.activity')
    .selectAll()
    .where('write', 'is not', null)
    .where('at', '>=', since)
    .execute();
  for (const activity of begun.map(activityFrom)) placeBegun(state, activity);
  const testimonies = await db
    .selectFrom('book.attribution')
    .selectAll()
    .where('voided', '=', false)
    .where('at', '>=', since)
    .orderBy('entry')
    .execute();
  for (const row of testimonies) {
    const testimony = testimonyFrom(row);
    if (testimony !== undefined) placeTestimony(state, testimony);
  }
}

async function loadHolds(db: Kysely<BookTables>, state: BookState): Promise<void> {
  const rows = await db.selectFrom('book.hold').select(['set_uid', 'reason']).execute();
  for (const { set_uid: uid, reason } of rows) state.holds.set(uid, reason);
}

async function loadVolumes(db: Kysely<BookTables>, state: BookState, since: Date): Promise<void> {
  const rows = await db
    .selectFrom('book.deleted_volume')
    .selectAll()
    .where('voided', '=', false)
    .where((where) => where.or([where('gone_at', 'is', null), where('gone_at', '>=', since)]))
    .execute();
  for (const row of rows) {
    const volume = volumeFrom(row);
    placeVolume(state, volume);
    if (volume.effect !== undefined) traceEffect(state, volume.effect).volumes.add(volume.key);
  }
}

async function loadSurveys(db: Kysely<BookTables>, state: BookState, turn: number): Promise<void> {
  const rows = await db.selectFrom('book.survey').selectAll().where('turn', '=', turn).execute();
  for (const row of rows) state.wholeSince.set(`${row.shard}/${row.kind}`, row.whole_since);
}
