import type { Position, Positions } from './position.ts';

/** One key beside the readers' positions: the reconciler writes it, and the watcher looks at it. */
const wished = 'surveys';

/** Asks for surveys of everything. Another one for each reason to ask; see `wishSurveys`. */
export type SurveyWish = {
  readonly lineage: string;
  /** Sequence from which on surveys are believed. */
  readonly trustsFrom: number;
  /** Who asks. */
  readonly holder: string;
};

/**
 * Asks the watcher to survey every kind anew. A log may be set back by less than what the watcher knows
 * of it, which then has no reason to begin anew; without this word it would survey hours later, and until
 * then nothing is known well enough to act on.
 */
export async function wishSurveys(positions: Positions, wish: SurveyWish): Promise<void> {
  const { lineage, trustsFrom, holder } = wish;
  // It stands among positions, whose text for a hash serves for any word that tells one from another.
  await positions.save(wished, { lineage, sequence: trustsFrom, hash: holder });
}

/** The newest wish as a text that differs from that of every other one; undefined where none was made. */
export async function newestWish(positions: Positions): Promise<string | undefined> {
  const wish = await positions.load(wished);
  return wish === undefined ? undefined : nameOf(wish);
}

function nameOf({ lineage, sequence, hash }: Position): string {
  return `${lineage}/${sequence}/${hash ?? ''}`;
}
