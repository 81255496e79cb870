import type { Command } from 'commander';
import { historyAnswer, readHistory } from '../history.ts';
import { addExamples, addScope, scopeFrom } from '../options.ts';
import type { ScopeOptions } from '../options.ts';
import { describeScope } from '../scope.ts';
import { lookOf, settingsOf, showRows } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';
import { withBook } from '../with-book.ts';

export function addHistory(program: Command, around: Surroundings): void {
  const command = addScope(program.command('history [SET]'))
    .description('each operation on the size of a set: when, by whom, how that is known')
    .action((set: string | undefined, options: ScopeOptions) => history(around, set, options));
  addExamples(command, {
    'history vmpool/web': 'who changed the size of one pool',
    'history -A --limit 20 -o json': 'the newest operations of all sets, for a program',
  });
}

async function history(
  around: Surroundings,
  set: string | undefined,
  options: ScopeOptions,
): Promise<void> {
  const scope = scopeFrom(set, options);
  const { databaseUrl } = await settingsOf(around);
  const rows = await withBook(databaseUrl, (db) => readHistory(db, scope, options.limit));
  const answer = historyAnswer(rows, lookOf(around), scope.namespace === undefined);
  showRows(
    around,
    { answer, isEmpty: rows.length === 0, output: options.output },
    () => `No operations ${describeScope(scope)}.`,
  );
}
