import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { shardSchema } from '#shared/contract/ids.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { BookTables } from '#shared/store/tables.ts';
import { checkPosition } from '#shared/stream/lineage.ts';
import type { Log } from '#shared/stream/log.ts';
import { foldLineageBreak } from './fold.ts';
import { loadPosition, loadState, rememberGoneMs } from './load-state.ts';
import type { BookState } from './state.ts';
import { followSurveys } from './surveys.ts';
import { writeBatch } from './write-batch.ts';
import type { BookPosition } from './write-batch.ts';

/** The book as this session holds it: what it remembers, and how far it has come. */
export type OpenBook = {
  readonly db: Kysely<BookTables>;
  readonly log: Log;
  readonly state: BookState;
  position: BookPosition | undefined;
  /** Up to this sequence the log was read before, under the same lineage, and then went back. */
  readonly recordedBefore: number;
  /** Log time at which the fold last dropped what is long gone. */
  forgotAt: number;
};

type Parts = { readonly log: Log; readonly logger: Logger; readonly clock: Clock };

/** Reads position and memory, and settles first whether the log is still the one that was read. */
export async function openBook(
  { log, logger, clock }: Parts,
  db: Kysely<BookTables>,
  signal: AbortSignal,
): Promise<OpenBook> {
  const found = await loadPosition(db);
  const state = await loadState(db, found);
  const position = await settleLineage({ log, logger, clock }, db, { found, state });
  await restoreSurveys(log, state, { position, signal });
  await forgetOldHoldings(db, position);
  return {
    db,
    log,
    state,
    position,
    recordedBefore: await lastRecordedBefore(db, position),
    forgotAt: position?.at ?? 0,
  };
}

const noShard = shardSchema.parse('cl');

async function settleLineage(
  { log, logger, clock }: Parts,
  db: Kysely<BookTables>,
  { found, state }: { readonly found: BookPosition | undefined; readonly state: BookState },
): Promise<BookPosition | undefined> {
  if (found === undefined) return undefined;
  const check = await checkPosition(log, found);
  if (check === 'same') return found;
  if (check === 'gap') {
    logger.warn({ sequence: found.sequence }, 'records have aged out of the log unread');
    return found;
  }
  const { lineage } = log.identity;
  const old = { lineage: found.lineage, sequence: found.sequence };
  logger.error({ old, new: lineage }, 'the log is not the one that was read before');
  // Not of any shard, and seen by the recorder's own clock: the new log has no word for it.
  const arrival = { lineage, sequence: 0, at: clock.wallMs(), shard: noShard, part: 0 };
  const changes = foldLineageBreak(state, arrival, old);
  const { hash: _hash, surveysFrom: _from, ...kept } = found;
  const position = { ...kept, lineage, sequence: 0, turn: found.turn + 1 };
  return writeBatch(db, found, { changes, position });
}

/** Reads again from where the oldest open survey began, for its brackets alone. */
async function restoreSurveys(
  log: Log,
  state: BookState,
  {
    position,
    signal,
  }: { readonly position: BookPosition | undefined; readonly signal: AbortSignal },
): Promise<void> {
  if (position?.surveysFrom === undefined) return;
  const { first } = await log.bounds();
  // Aged out as a whole: those brackets will never close, and prove nothing.
  if (first > position.sequence) return;
  const reading = new AbortController();
  const either = AbortSignal.any([signal, reading.signal]);
  for await (const message of log.read({ after: position.surveysFrom - 1 }, either)) {
    if (message.sequence > position.sequence) break;
    for (const record of message.records) followSurveys(state.surveys, message, record);
    if (message.sequence === position.sequence) break;
  }
  reading.abort();
}

/** The chain of causes is kept for as long as the log is. */
const keepGoneMs = 14 * rememberGoneMs;

async function forgetOldHoldings(
  db: Kysely<BookTables>,
  position: BookPosition | undefined,
): Promise<void> {
  if (position?.at === undefined) return;
  const before = new Date(position.at - keepGoneMs);
  await db.deleteFrom('book.holding').where('gone_at', '<', before).execute();
}

/** A log that was set back keeps its lineage: what it tells again has been recorded under earlier turns. */
async function lastRecordedBefore(
  db: Kysely<BookTables>,
  position: BookPosition | undefined,
): Promise<number> {
  if (position === undefined || position.turn === 0) return 0;
  const { rows } = await sql<{ last: number | null }>`
    select max(stream_sequence) as last from book.entry
    where turn < ${position.turn} and lineage = ${position.lineage}`.execute(db);
  return rows[0]?.last ?? 0;
}
