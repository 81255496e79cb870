import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { askEntries, askStanding } from '#shared/store/ask-book.ts';
import type { EntryInBook } from '#shared/store/ask-book.ts';
import { bodyOf, entryLine, setIn } from '../entry-line.ts';
import { addExamples, addNamespace, scopeFrom } from '../options.ts';
import type { NamespaceOptions } from '../options.ts';
import type { Scope } from '../scope.ts';
import { lookOf, settingsOf } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';
import { withBook } from '../with-book.ts';

type Options = NamespaceOptions & { readonly after?: string; readonly json?: true };

const lookEachMs = 400;
const pageSize = 500;

export function addWatch(program: Command, around: Surroundings): void {
  const command = addNamespace(program.command('watch [SET]'))
    .description('what comes into the book, as it comes; Ctrl-C ends it')
    .option('--after <entry>', 'begins after this entry of the book; 0 is its begin')
    .option('--json', 'each entry as one line of JSON')
    .action((set: string | undefined, options: Options) => watch(around, set, options));
  addExamples(command, {
    'watch -A': 'sizes, decisions, outcomes and losses of all sets',
    'watch vmpool/web --after 0': 'the whole story of one pool, and what follows',
  });
}

async function watch(
  around: Surroundings,
  set: string | undefined,
  options: Options,
): Promise<void> {
  const scope = scopeFrom(set, options);
  const { databaseUrl } = await settingsOf(around);
  const { colors } = lookOf(around);
  const signal = around.untilStopped();
  await withBook(databaseUrl, async (db) => {
    const began = Number(options.after ?? (await askStanding(db))?.chain_sequence ?? 0);
    for (let after = began; !signal.aborted;) {
      const page = await askEntries(db, { after, limit: pageSize });
      for (const entry of page.filter((one) => isWithin(scope, one))) {
        around.print(options.json === true ? jsonLine(entry) : entryLine(entry, colors));
      }
      after = page.at(-1)?.sequence ?? after;
      if (page.length === pageSize) continue;
      await delay(lookEachMs, undefined, { signal }).catch(() => undefined);
    }
  });
}

/** What is about no set, such as a shard that is taken over, is told where all namespaces are. */
function isWithin({ namespace, set }: Scope, entry: EntryInBook): boolean {
  const about = setIn(bodyOf(entry));
  if (about === undefined) return namespace === undefined && set === undefined;
  if (namespace !== undefined && about.namespace !== namespace) return false;
  return set === undefined || (about.kind === set.kind && about.name === set.name);
}

function jsonLine(entry: EntryInBook): string {
  const { sequence, at, kind } = entry;
  return `${JSON.stringify({ entry: sequence, at, kind, body: bodyOf(entry) })}\n`;
}
