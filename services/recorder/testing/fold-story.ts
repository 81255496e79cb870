import type { LogRecord } from '#shared/contract/records.ts';
import { began, shard } from '#test/integration/book-story.ts';
import { addChanges, noChanges } from '../changes.ts';
import type { Changes } from '../changes.ts';
import { foldRecord } from '../fold.ts';
import { emptyState } from '../state.ts';

/** Folds a log whose messages come one second apart and hold one record each. */
export function foldStory(...records: readonly LogRecord[]): Changes {
  const state = emptyState();
  const all = noChanges();
  for (const [index, record] of records.entries()) {
    const arrival = { lineage: '0123abcd', sequence: index + 1, at: began + index * 1_000, shard };
    addChanges(all, foldRecord(state, { ...arrival, part: 0 }, record));
  }
  return all;
}
