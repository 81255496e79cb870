import type { Command } from 'commander';
import { readDeletedVolumes, volumesAnswer } from '../deleted-volumes.ts';
import { readHistory } from '../history.ts';
import { addExamples, addScope, scopeFrom } from '../options.ts';
import type { ScopeOptions } from '../options.ts';
import { describeScope } from '../scope.ts';
import { lookOf, newestOf, settingsOf, showRows } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';
import { withBook } from '../with-book.ts';

type Options = ScopeOptions & { readonly kept?: true };

export function addDeletedVolumes(program: Command, around: Surroundings): void {
  const command = addScope(program.command('deleted-volumes [SET]'))
    .description('each disk that a command endangered, or that went by itself')
    .option('--kept', 'also the disks whose command came to nothing')
    .action((set: string | undefined, options: Options) => deletedVolumes(around, set, options));
  addExamples(command, {
    'deleted-volumes -A': 'every disk that went, and because of what',
    'deleted-volumes vmpool/db --kept': 'of one pool, with the disks that were kept',
  });
}

async function deletedVolumes(
  around: Surroundings,
  set: string | undefined,
  options: Options,
): Promise<void> {
  const scope = scopeFrom(set, options);
  const { databaseUrl } = await settingsOf(around);
  const question = { scope, kept: options.kept === true, limit: options.limit + 1 };
  const found = await withBook(databaseUrl, async (db) => {
    const volumes = await readDeletedVolumes(db, question);
    // Distinguishes a set without losses from one that nobody knows.
    if (volumes.length === 0 && scope.set !== undefined) await readHistory(db, scope, 1);
    return volumes;
  });
  const { rows, isCut } = newestOf(found, options.limit);
  const answer = volumesAnswer(rows, lookOf(around), scope.namespace === undefined);
  showRows(
    around,
    { answer, isEmpty: rows.length === 0, isCut, output: options.output },
    () => `No deleted volumes ${describeScope(scope)}.`,
  );
}
