import type { Command } from 'commander';
import { askSets } from '#shared/store/ask-book.ts';
import { explainAnswer, readDecisions } from '../explain.ts';
import { unavailableError } from '../failure.ts';
import { addExamples, addOutput, scopeFrom } from '../options.ts';
import type { OutputOptions } from '../options.ts';
import { describeScope } from '../scope.ts';
import { formatSet } from '../set-reference.ts';
import { lookOf, settingsOf, show } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';
import { withBook } from '../with-book.ts';
import { isBeyondReach, mostEntries } from '../within-reach.ts';

type Options = OutputOptions & { readonly namespace: string };

const newest = 10;
const reachText = `rollcall: what was decided is told from the newest ${mostEntries} entries of the book\n`;

export function addExplain(program: Command, around: Surroundings): void {
  const command = addOutput(program.command('explain <SET>'))
    .description('why a set is as it is: its holds, the last decisions, who was weighed')
    .option('-n, --namespace <namespace>', 'the namespace', 'default')
    .action((set: string, options: Options) => explain(around, set, options));
  addExamples(command, {
    'explain vmpool/web': 'the last decisions about one pool, in words',
    'explain vmpool/web -o json': 'the same with everything that the book holds of them',
  });
}

async function explain(around: Surroundings, text: string, options: Options): Promise<void> {
  const scope = scopeFrom(text, options);
  const { kind, name } = scope.set ?? {};
  const { databaseUrl } = await settingsOf(around);
  const found = await withBook(databaseUrl, async (db) => {
    const [set] = await askSets(db, { namespace: scope.namespace, kind, name, limit: 1 });
    if (set === undefined) return undefined;
    const entries = await readDecisions(db, set.set_uid, newest);
    return { set, entries, isWhole: entries.length >= newest || !(await isBeyondReach(db)) };
  });
  if (found === undefined) {
    const shown = formatSet(kind ?? '', name ?? '');
    throw unavailableError(`the book knows no living ${shown} ${describeScope(scope)}`);
  }
  if (!found.isWhole) around.complain(reachText);
  show(around, explainAnswer(found.set, found.entries, lookOf(around)), options.output);
}
