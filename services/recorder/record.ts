import type { Kysely } from 'kysely';
import { backoffMs } from '#shared/process/backoff.ts';
import type { Clock } from '#shared/process/clock.ts';
import { inSpan } from '#shared/process/tracing.ts';
import type { Logger } from '#shared/process/logger.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import { attestDurability } from '#shared/store/attest.ts';
import { isAway, lacksBook } from '#shared/store/away.ts';
import type { Store } from '#shared/store/open-store.ts';
import type { BookTables } from '#shared/store/tables.ts';
import type { Log, Message } from '#shared/stream/log.ts';
import { batchesOf } from './batches.ts';
import { openBook } from './open-book.ts';
import { CatchUp } from './catch-up.ts';
import { holdBookLock } from './lock.ts';
import type { RecorderMetrics } from './metrics.ts';
import { passMessages } from './pass-messages.ts';
import { Standing } from './standing.ts';
import type { OpenBook } from './open-book.ts';

export type RecorderParts = {
  readonly store: Store;
  readonly log: Log;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Most records of one transaction, but for the last message's; 500 when absent. */
  readonly batchRecords?: number;
  /** Refuses a database that does not sync; only tests leave it out. */
  readonly attests: boolean;
  /** Kept up to date for others to read. */
  readonly standing?: Standing;
  readonly metrics?: RecorderMetrics;
  /** Called when another recorder is found to be active. */
  readonly onStandby?: () => void;
  /** Called each time that the book has come to the end of the log after a start. */
  readonly onReady?: () => void;
};

const backoff = { firstMs: 200, mostMs: 5_000 };

/**
 * Writes the book until the signal aborts. While the database is away nothing is read from the log; a
 * commit whose fate is unclear is settled by reading the position again.
 */
export async function record(parts: RecorderParts, signal: AbortSignal): Promise<void> {
  const { store, clock, logger, standing = new Standing() } = parts;
  for (let failures = 0; !signal.aborted;) {
    try {
      await store.db
        .connection()
        .execute((db) =>
          recordInSession({ ...parts, standing }, db, { signal, written: () => (failures = 0) }),
        );
    } catch (error) {
      if (signal.aborted) return;
      if (lacksBook(error)) {
        throw new RefusalError('the database has no book yet; run the migrations first', {
          cause: error,
        });
      }
      if (!isAway(error)) throw error;
      failures += 1;
      standing.isAway = true;
      const waitMs = backoffMs(backoff, failures, Math.random());
      logger.warn({ err: error, waitMs }, 'the database is away');
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }
}

type Session = { readonly signal: AbortSignal; readonly written: () => void };

type SessionParts = RecorderParts & { readonly standing: Standing };

async function recordInSession(
  parts: SessionParts,
  db: Kysely<BookTables>,
  { signal, written }: Session,
): Promise<void> {
  const { log, standing } = parts;
  if (parts.attests) await attestDurability(db);
  standing.isAway = false;
  await holdBookLock(db, parts, signal);
  const book = await openBook(parts, db, signal);
  const catchUp = new CatchUp(parts, (await log.bounds()).last);
  sayStanding(parts, book, catchUp);
  // Ends the reading when this session fails, though the service goes on.
  const reading = new AbortController();
  try {
    await pass(parts, book, {
      signal: AbortSignal.any([signal, reading.signal]),
      written,
      catchUp,
    });
  } finally {
    reading.abort();
  }
}

async function pass(
  parts: SessionParts,
  book: OpenBook,
  { signal, written, catchUp }: Session & { readonly catchUp: CatchUp },
): Promise<void> {
  const messages: AsyncIterable<Message> = parts.log.read(
    { after: book.position?.sequence ?? 0 },
    signal,
  );
  for await (const batch of batchesOf(messages, parts.batchRecords ?? 500, parts.clock)) {
    await passTimed(parts, book, batch);
    written();
    sayStanding(parts, book, catchUp);
  }
}

async function passTimed(
  { clock, metrics }: SessionParts,
  book: OpenBook,
  batch: readonly Message[],
): Promise<void> {
  const startedMs = clock.monotonicMs();
  const span = {
    name: 'write book',
    links: batch.map(({ trace }) => trace),
    attributes: { 'rollcall.messages': batch.length },
  };
  const changes = await inSpan(span, () => passMessages(book, batch));
  metrics?.writing.observe((clock.monotonicMs() - startedMs) / 1_000);
  metrics?.count(changes);
}

function sayStanding(
  { logger, onReady, standing }: SessionParts,
  book: OpenBook,
  catchUp: CatchUp,
): void {
  standing.sequence = book.position?.sequence ?? 0;
  standing.at = book.position?.at;
  if (!catchUp.passed(standing.sequence)) return;
  logger.info('ready');
  onReady?.();
}
