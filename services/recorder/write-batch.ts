import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { genesisHash, hashLink } from '#shared/store/chain.ts';
import type { BookTables } from '#shared/store/tables.ts';
import type { Changes } from './changes.ts';
import * as columns from './columns.ts';
import type { Entry } from './rows.ts';
import {
  activityRows,
  attributionRows,
  entryColumns,
  holdingRows,
  holdRows,
  poisonRows,
  surveyRows,
  takeOverRows,
  volumeRows,
} from './writable.ts';

/** Where the book stands, as one row of the database. */
export type BookPosition = {
  readonly lineage: string;
  readonly sequence: number;
  readonly hash?: string;
  /** How often the log had been replaced by another one. */
  readonly turn: number;
  readonly chainSequence: number;
  readonly chainHash: string;
  readonly beganAt?: number;
  readonly at?: number;
  readonly surveysFrom?: number;
};

export type Batch = {
  readonly changes: Changes;
  /** The chain's part of it is worked out by the writing. */
  readonly position: Omit<BookPosition, 'chainSequence' | 'chainHash'>;
};

export type SealedEntry = Entry & {
  readonly turn: number;
  readonly lineage: string;
  readonly previousHash: string;
  readonly hash: string;
};

/**
 * Writes a batch whole or not at all: lines, derived rows and the position that covers them. Returns
 * the new position. Fails when another one has written since `before` was read.
 */
export async function writeBatch(
  db: Kysely<BookTables>,
  before: BookPosition | undefined,
  batch: Batch,
): Promise<BookPosition> {
  const { changes } = batch;
  const sealed = sealEntries(changes.entries, batch.position, before?.chainHash ?? genesisHash);
  const last = sealed.at(-1);
  const after: BookPosition = {
    ...batch.position,
    chainSequence: last?.sequence ?? before?.chainSequence ?? 0,
    chainHash: last?.hash ?? before?.chainHash ?? genesisHash,
  };
  await db.transaction().execute(async (transaction) => {
    await upsert(transaction, columns.holding, holdingRows(changes));
    await upsert(transaction, columns.activity, activityRows(changes));
    await upsert(transaction, columns.attribution, attributionRows(changes));
    await upsert(transaction, columns.takeOver, takeOverRows(changes));
    await upsert(transaction, columns.poison, poisonRows(changes, after.turn));
    await upsert(transaction, columns.survey, surveyRows(changes, after.turn));
    await writeHolds(transaction, changes);
    await insertEntries(transaction, sealed);
    await upsert(transaction, columns.volume, volumeRows(changes));
    await movePosition(transaction, before, after);
  });
  return after;
}

/** Links entries into the chain, each to the one before. */
export function sealEntries(
  entries: readonly Entry[],
  { turn, lineage }: { readonly turn: number; readonly lineage: string },
  head: string,
): readonly SealedEntry[] {
  let previousHash = head;
  return entries.map((entry) => {
    const hash = hashLink(previousHash, { ...entry, lineage });
    const sealed = { ...entry, turn, lineage, previousHash, hash };
    previousHash = hash;
    return sealed;
  });
}

async function insertEntries(
  db: Transaction<BookTables>,
  entries: readonly SealedEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const of = entryColumns(entries);
  await sql`
    insert into book.entry (sequence, at, turn, lineage, stream_sequence, part, kind, body, previous_hash, hash)
    select s, to_timestamp(a / 1000.0), t, l, q, p, k, b, ph, h
    from unnest(${of.sequence}::bigint[], ${of.at}::float8[], ${of.turn}::int[], ${of.lineage}::text[],
      ${of.streamSequence}::bigint[], ${of.part}::int[], ${of.kind}::text[], ${of.body}::text[],
      ${of.previousHash}::text[], ${of.hash}::text[]) as e(s, a, t, l, q, p, k, b, ph, h)
  `.execute(db);
}

/** One statement for any number of rows; the rows travel as JSON, which has no limit of parameters. */
async function upsert(
  db: Transaction<BookTables>,
  { table, key, types, stamp }: columns.Columns,
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return;
  const names = Object.keys(types);
  const others = names.filter((name) => !key.includes(name));
  const list = sql.join(names.map((name) => sql.ref(name)));
  const shape = sql.raw(names.map((name) => `${name} ${types[name]}`).join(', '));
  const update = sql.join([
    ...others.map((name) => sql`${sql.ref(name)} = excluded.${sql.ref(name)}`),
    ...(stamp === undefined ? [] : [sql.raw(stamp)]),
  ]);
  await sql`
    insert into ${sql.table(table)} as kept (${list})
    select ${list} from json_to_recordset(${JSON.stringify(rows)}::json) as given(${shape})
    on conflict (${sql.join(key.map((name) => sql.ref(name)))}) do update set ${update}
  `.execute(db);
}

async function writeHolds(db: Transaction<BookTables>, changes: Changes): Promise<void> {
  const { held, over } = holdRows(changes);
  await upsert(db, columns.hold, held);
  if (over.length > 0) await db.deleteFrom('book.hold').where('set_uid', 'in', over).execute();
}

/** The row is only moved from where it was read: a second writer is refused here, whatever it believes. */
async function movePosition(
  db: Transaction<BookTables>,
  before: BookPosition | undefined,
  after: BookPosition,
): Promise<void> {
  const values = sql`
    ${after.lineage}, ${after.sequence}, ${after.hash ?? null}, ${after.turn},
    ${after.chainSequence}, ${after.chainHash}, ${timeOf(after.beganAt)}, ${timeOf(after.at)},
    ${after.surveysFrom ?? null}, clock_timestamp()`;
  const names = sql.raw(`lineage, sequence, hash, turn, chain_sequence, chain_hash, began_at, at,
    surveys_from, updated_at`);
  const { numAffectedRows } =
    before === undefined
      ? await sql`insert into book.position (${names}) values (${values})`.execute(db)
      : await sql`update book.position set (${names}) = row(${values})
          where turn = ${before.turn} and sequence = ${before.sequence}
            and chain_sequence = ${before.chainSequence}`.execute(db);
  if (numAffectedRows !== 1n)
    throw new Error('another recorder has moved the position of the book');
}

function timeOf(at: number | undefined): Date | null {
  return at === undefined ? null : new Date(at);
}
