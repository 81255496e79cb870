import type { Message } from '#shared/stream/log.ts';
import { addChanges, noChanges } from './changes.ts';
import type { Changes } from './changes.ts';
import { foldMessage } from './fold-message.ts';
import { rememberGoneMs } from './load-state.ts';
import type { OpenBook } from './open-book.ts';
import { forgetGone } from './state.ts';
import { followSurveys, surveysFrom } from './surveys.ts';
import { writeBatch } from './write-batch.ts';

/**
 * Folds a batch and writes it in one transaction; tells what was written. After a failure the open book is
 * worth nothing.
 */
export async function passMessages(book: OpenBook, messages: readonly Message[]): Promise<Changes> {
  const last = messages.at(-1);
  const changes = noChanges();
  if (last === undefined) return changes;
  const { state, log } = book;
  const recorded = await recordedAlready(book, messages);
  for (const message of messages) {
    if (recorded.has(keyOf(message))) {
      for (const record of message.records) followSurveys(state.surveys, message, record);
    } else {
      addChanges(changes, foldMessage(state, log.identity.lineage, message));
    }
  }
  const from = surveysFrom(state.surveys);
  book.position = await writeBatch(book.db, book.position, {
    changes,
    position: {
      lineage: log.identity.lineage,
      sequence: last.sequence,
      hash: last.hash,
      turn: book.position?.turn ?? 0,
      at: last.at,
      ...(state.beganAt === undefined ? {} : { beganAt: state.beganAt }),
      ...(from === undefined ? {} : { surveysFrom: from }),
    },
  });
  forgetInTime(book, last.at);
  return changes;
}

/** Messages of a log that was set back: the same place and the same log time are the same message. */
async function recordedAlready(
  { db, log, position, recordedBefore }: OpenBook,
  messages: readonly Message[],
): Promise<ReadonlySet<string>> {
  const [first] = messages;
  if (first === undefined || first.sequence > recordedBefore) return new Set();
  const rows = await db
    .selectFrom('book.entry')
    .select(['stream_sequence', 'at'])
    .distinct()
    .where('turn', '<', position?.turn ?? 0)
    .where('lineage', '=', log.identity.lineage)
    .where('stream_sequence', '>=', first.sequence)
    .where('stream_sequence', '<=', messages.at(-1)?.sequence ?? 0)
    .execute();
  return new Set(rows.map((row) => keyOf({ sequence: row.stream_sequence, at: row.at.getTime() })));
}

function keyOf({ sequence, at }: { readonly sequence: number; readonly at: number }): string {
  return `${sequence}/${at}`;
}

const forgetEveryMs = 3_600_000;

function forgetInTime(book: OpenBook, at: number): void {
  if (at - book.forgotAt < forgetEveryMs) return;
  book.forgotAt = at;
  forgetGone(book.state, at - rememberGoneMs);
}
