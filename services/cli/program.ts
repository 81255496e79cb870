import { Command, InvalidArgumentError, Option } from 'commander';
import { verifyChain } from '#shared/store/verify-chain.ts';
import type { Environment } from '#shared/process/parse-settings.ts';
import { colorsFor } from './colors.ts';
import { readDeletedVolumes, volumesAnswer } from './deleted-volumes.ts';
import { exitCodes } from './failure.ts';
import type { ExitCode } from './failure.ts';
import { historyAnswer, readHistory } from './history.ts';
import { formats, renderAnswer } from './output.ts';
import type { Answer, Format } from './output.ts';
import { describeScope } from './scope.ts';
import type { Scope } from './scope.ts';
import { parseSet } from './set-reference.ts';
import { readSettings } from './settings.ts';
import type { CliSettings } from './settings.ts';
import { readBookStanding, statusAnswer } from './status.ts';
import { withBook } from './with-book.ts';

/** What the program has around it. */
export type Surroundings = {
  readonly env: Environment;
  /** Where to look for .rollcall, upwards, the first find wins. */
  readonly folders: readonly string[];
  readonly isTerminal: boolean;
  readonly now: () => Date;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
};

type ScopeOptions = {
  readonly namespace: string;
  readonly allNamespaces?: true;
  readonly output: Format;
  readonly limit: number;
};

const help = `
A SET is written as for kubectl: vmpool/NAME or vmirs/NAME, in the namespace of -n.
STARTED and FINISHED count from WHEN; with -o wide all times are UTC.

Exit codes: ${exitCodes.ok} done, ${exitCodes.error} failed or the chain is broken, ${exitCodes.usage} wrong usage, ${exitCodes.unavailable} not found or not reachable.
The book is found through .rollcall/cli.json, ROLLCALL_HOME or ROLLCALL_CLI_CONFIG.`;

/** The commands. `report` is told the exit code of what went well but found something. */
export function createProgram(around: Surroundings, report: (code: ExitCode) => void): Command {
  const program = new Command('rollcall')
    .description('Reads the book that Rollcall keeps on groups of virtual machines.')
    .addHelpText('after', help)
    .configureOutput({ writeOut: around.print, writeErr: around.complain })
    .showHelpAfterError('(see rollcall --help)')
    .exitOverride();

  addOutput(program.command('status'))
    .description('what runs, how far the book is, and which sets are held')
    .action(async ({ output }: { readonly output: Format }) => {
      await status(around, output, report);
    });

  addScope(program.command('history [SET]'))
    .description('each operation on the size of a set: when, by whom, how that is known')
    .action(async (set: string | undefined, options: ScopeOptions) => {
      await history(around, scopeFrom(set, options), options);
    });

  addScope(program.command('deleted-volumes [SET]'))
    .description('each disk that a command endangered, or that went by itself')
    .option('--kept', 'also the disks whose command came to nothing')
    .action(async (set: string | undefined, options: ScopeOptions & { readonly kept?: true }) => {
      await deletedVolumes(around, scopeFrom(set, options), options);
    });

  program
    .command('verify')
    .description('walks the chain of the book and names the first entry that was tampered with')
    .action(async () => {
      await verify(around, report);
    });
  return program;
}

function addOutput(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'how to show it').choices(formats).default('table'),
  );
}

function addScope(command: Command): Command {
  return addOutput(command)
    .option('-n, --namespace <namespace>', 'the namespace', 'default')
    .option('-A, --all-namespaces', 'in all namespaces')
    .option('--limit <rows>', 'the newest so many', parseLimit, 500);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0 && limit <= 1_000_000) return limit;
  throw new InvalidArgumentError('It has to be a whole number from 1 to 1000000.');
}

function scopeFrom(text: string | undefined, options: ScopeOptions): Scope {
  return {
    set: text === undefined ? undefined : parseSet(text),
    namespace: options.allNamespaces === true ? undefined : options.namespace,
  };
}

async function status(
  around: Surroundings,
  output: Format,
  report: (code: ExitCode) => void,
): Promise<void> {
  const settings = await settingsOf(around);
  // The client of the broker is slow to load, and no other command needs it.
  const { readLog } = await import('./read-log.ts');
  const [book, log] = await Promise.all([
    withBook(settings.databaseUrl, readBookStanding),
    readLog(settings),
  ]);
  show(around, statusAnswer({ book, log }, lookOf(around)), output);
  if (!log.reached) report(exitCodes.unavailable);
}

async function history(around: Surroundings, scope: Scope, options: ScopeOptions): Promise<void> {
  const { databaseUrl } = await settingsOf(around);
  const rows = await withBook(databaseUrl, (db) => readHistory(db, scope, options.limit));
  const isAll = scope.namespace === undefined;
  const answer = historyAnswer(rows, lookOf(around), isAll);
  showRows(
    around,
    { answer, isEmpty: rows.length === 0, output: options.output },
    () => `No operations ${describeScope(scope)}.`,
  );
}

async function deletedVolumes(
  around: Surroundings,
  scope: Scope,
  options: ScopeOptions & { readonly kept?: true },
): Promise<void> {
  const { databaseUrl } = await settingsOf(around);
  const question = { scope, kept: options.kept === true, limit: options.limit };
  const rows = await withBook(databaseUrl, async (db) => {
    const found = await readDeletedVolumes(db, question);
    // Distinguishes a set without losses from one that nobody knows.
    if (found.length === 0 && scope.set !== undefined) await readHistory(db, scope, 1);
    return found;
  });
  const answer = volumesAnswer(rows, lookOf(around), scope.namespace === undefined);
  showRows(
    around,
    { answer, isEmpty: rows.length === 0, output: options.output },
    () => `No deleted volumes ${describeScope(scope)}.`,
  );
}

async function verify(around: Surroundings, report: (code: ExitCode) => void): Promise<void> {
  const { databaseUrl } = await settingsOf(around);
  const result = await withBook(databaseUrl, verifyChain);
  const colors = colorsFor(around.isTerminal);
  if (result.whole) {
    around.print(`${colors.green('whole')}: ${result.entries} entries, head ${result.head}\n`);
    return;
  }
  around.print(`${colors.red('broken')} at entry ${result.firstBad}: ${result.problem}\n`);
  report(exitCodes.error);
}

function settingsOf(around: Surroundings): Promise<CliSettings> {
  return readSettings(around.env, around.folders);
}

function lookOf({ now, isTerminal }: Surroundings): Parameters<typeof historyAnswer>[1] {
  return { now: now(), colors: colorsFor(isTerminal) };
}

function show(around: Surroundings, answer: Answer, output: Format): void {
  around.print(renderAnswer(answer, output));
}

/** An empty table is a sentence for people; programs get an empty list. */
function showRows(
  around: Surroundings,
  {
    answer,
    isEmpty,
    output,
  }: { readonly answer: Answer; readonly isEmpty: boolean; readonly output: Format },
  sentence: () => string,
): void {
  if (isEmpty && (output === 'table' || output === 'wide')) around.complain(`${sentence()}\n`);
  else show(around, answer, output);
}
