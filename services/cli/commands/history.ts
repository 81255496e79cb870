import type { Command } from 'commander';
import { historyAnswer, readHistory } from '../history.ts';
import { addExamples, addScope, scopeFrom } from '../options.ts';
import type { ScopeOptions } from '../options.ts';
import { describeScope } from '../scope.ts';
import { readStory, storyAnswer } from '../story.ts';
import { lookOf, newestOf, settingsOf, showRows } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';
import { withBook } from '../with-book.ts';
import { isBeyondReach, mostEntries } from '../within-reach.ts';

type Options = ScopeOptions & { readonly all?: true };

const reachText =
  `rollcall: edits, decisions and members are told from the newest ${mostEntries} entries of the book; ` +
  'sizes from its beginning\n';

export function addHistory(program: Command, around: Surroundings): void {
  const command = addScope(program.command('history [SET]'))
    .description('each operation on the size of a set: when, by whom, how that is known')
    .option('--all', 'also edits, decisions, holds, and members that come and go')
    .action((set: string | undefined, options: Options) => history(around, set, options));
  addExamples(command, {
    'history vmpool/web': 'who changed the size of one pool',
    'history vmpool/web --all': 'its whole story: pausing, modes, templates, what was decided',
    'history -A --limit 20 -o json': 'the newest operations of all sets, for a program',
  });
}

async function history(
  around: Surroundings,
  set: string | undefined,
  options: Options,
): Promise<void> {
  const scope = scopeFrom(set, options);
  const { databaseUrl } = await settingsOf(around);
  const isWide = scope.namespace === undefined;
  const look = lookOf(around);
  const { answer, rows, isCut } = await withBook(databaseUrl, async (db) => {
    const asked = options.limit + 1;
    if (options.all === true) {
      if (await isBeyondReach(db)) around.complain(reachText);
      const story = newestOf(await readStory(db, scope, asked), options.limit);
      return { ...story, answer: storyAnswer(story.rows, look, isWide) };
    }
    const operations = newestOf(await readHistory(db, scope, asked), options.limit);
    return { ...operations, answer: historyAnswer(operations.rows, look, isWide) };
  });
  showRows(
    around,
    { answer, isEmpty: rows.length === 0, isCut, output: options.output },
    () => `No operations ${describeScope(scope)}.`,
  );
}
