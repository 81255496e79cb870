import { sql } from 'kysely';
import type { Kysely, RawBuilder } from 'kysely';
import { genesisHash, hashLink } from '#shared/store/chain.ts';
import type { BookTables } from '#shared/store/tables.ts';
import type { Changes } from './changes.ts';
import * as columns from './columns.ts';
import type { Entry } from './rows.ts';
import {
  activityRows,
  attributionRows,
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
  await write(db, [before, after], { changes, sealed });
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

type Writing = { readonly changes: Changes; readonly sealed: readonly SealedEntry[] };

/**
 * All of it is one statement, which is one round trip and one commit of its own. The position is only
 * moved from where it was read: a second writer moves nothing and, whatever it believes, writes nothing.
 */
async function write(
  db: Kysely<BookTables>,
  [before, after]: readonly [BookPosition | undefined, BookPosition],
  { changes, sealed }: Writing,
): Promise<void> {
  const { held, over } = holdRows(changes);
  const writes = [
    ...upsert(columns.holding, holdingRows(changes)),
    ...upsert(columns.activity, activityRows(changes)),
    ...upsert(columns.attribution, attributionRows(changes)),
    ...upsert(columns.takeOver, takeOverRows(changes)),
    ...upsert(columns.poison, poisonRows(changes, after.turn)),
    ...upsert(columns.survey, surveyRows(changes, after.turn)),
    ...upsert(columns.hold, held),
    ...endHolds(over),
    ...insertEntries(sealed),
    ...upsert(columns.volume, volumeRows(changes)),
  ].map((statement, at) => sql`, ${sql.raw(`w${at}`)} as (${statement})`);
  const { rows } = await sql`
    with moved as (${movePosition(before, after)} returning 1)
    ${sql.join(writes, sql``)}
    select from moved`.execute(db);
  if (rows.length !== 1) throw new Error('another recorder has moved the position of the book');
}

type Statement = RawBuilder<unknown>;

/** Rows travel as JSON, which has no limit of parameters: the text of a statement is the same for any number. */
function insertEntries(entries: readonly SealedEntry[]): readonly Statement[] {
  if (entries.length === 0) return [];
  return [
    sql`
    insert into book.entry (sequence, at, turn, lineage, stream_sequence, part, kind, body, previous_hash, hash)
    select e.sequence, to_timestamp(e.at / 1000.0), e.turn, e.lineage, e."streamSequence", e.part, e.kind,
      e.body, e."previousHash", e.hash
    from moved, json_to_recordset(${JSON.stringify(entries)}::json) as e(sequence bigint, at float8,
      turn int, lineage text, "streamSequence" bigint, part int, kind text, body text,
      "previousHash" text, hash text)`,
  ];
}

function upsert(
  { table, key, types, stamp }: columns.Columns,
  rows: readonly object[],
): readonly Statement[] {
  if (rows.length === 0) return [];
  const names = Object.keys(types);
  const others = names.filter((name) => !key.includes(name));
  const list = names.join(', ');
  const shape = names.map((name) => `${name} ${types[name]}`).join(', ');
  const update = [
    ...others.map((name) => `${name} = excluded.${name}`),
    ...(stamp === undefined ? [] : [stamp]),
  ].join(', ');
  return [
    sql`
    ${sql.raw(`insert into ${table} as kept (${list}) select ${names.map((name) => `given.${name}`).join(', ')}`)}
    from moved, json_to_recordset(${JSON.stringify(rows)}::json) as ${sql.raw(`given(${shape})
    on conflict (${key.join(', ')}) do update set ${update}`)}`,
  ];
}

function endHolds(sets: readonly string[]): readonly Statement[] {
  if (sets.length === 0) return [];
  return [sql`delete from book.hold using moved where set_uid = any(${sets})`];
}

function movePosition(before: BookPosition | undefined, after: BookPosition): Statement {
  const values = sql`
    ${after.lineage}, ${after.sequence}, ${after.hash ?? null}, ${after.turn},
    ${after.chainSequence}, ${after.chainHash}, ${timeOf(after.beganAt)}, ${timeOf(after.at)},
    ${after.surveysFrom ?? null}, clock_timestamp()`;
  const names = sql.raw(`lineage, sequence, hash, turn, chain_sequence, chain_hash, began_at, at,
    surveys_from, updated_at`);
  return before === undefined
    ? sql`insert into book.position (${names}) values (${values})`
    : sql`update book.position set (${names}) = row(${values})
        where turn = ${before.turn} and sequence = ${before.sequence}
          and chain_sequence = ${before.chainSequence}`;
}

function timeOf(at: number | undefined): Date | null {
  return at === undefined ? null : new Date(at);
}
