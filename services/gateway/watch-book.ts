import type { Clock } from '#shared/process/clock.ts';
import type { Check } from '#shared/process/health.ts';
import { lacksBook } from '#shared/store/away.ts';
import { askStanding } from '#shared/store/ask-book.ts';
import type { Store } from '#shared/store/open-store.ts';

const lookEachMs = 2_000;

/** Asks the book again and again, so that readiness can be told at once. */
export function watchBook(
  { db, clock }: { readonly db: Store['db']; readonly clock: Clock },
  signal: AbortSignal,
): Check {
  let problem: string | undefined = 'the book was not asked yet';
  const look = async (): Promise<void> => {
    while (!signal.aborted) {
      problem = await askStanding(db).then(() => undefined, problemOf);
      await clock.sleep(lookEachMs, signal).catch(() => undefined);
    }
  };
  void look();
  return () => problem;
}

function problemOf(error: unknown): string {
  if (lacksBook(error)) return 'the database has no book yet; run the migrations first';
  return 'the book cannot be reached';
}
