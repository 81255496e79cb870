import { reaching, unseen } from './examination.ts';
import type { Check } from './examination.ts';

/** What the book does not hold is not destroyed, so that scale-in waits for a recorder. */
export const recorder: Check = {
  name: 'recorder',
  judge({ book }) {
    if (!book.ok) return unseen(book.problem, reaching.book);
    const { recorders } = book.value;
    if (recorders > 0) return [{ level: 'ok', found: 'one writes the book' }];
    return [
      {
        level: 'fail',
        found: 'none is connected to the database: the book stands still, and nothing is destroyed',
        remedy:
          'start it, or see what its log says; on a cluster: kubectl -n rollcall-system logs deployment/recorder',
      },
    ];
  },
};
