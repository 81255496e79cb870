import type { Command } from 'commander';
import { readBookStanding } from '../book-standing.ts';
import { exitCodes } from '../failure.ts';
import { addExamples, addOutput } from '../options.ts';
import type { OutputOptions } from '../options.ts';
import { statusAnswer } from '../status.ts';
import { lookOf, settingsOf, show } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';
import { withBook } from '../with-book.ts';

export function addStatus(program: Command, around: Surroundings): void {
  const command = addOutput(program.command('status'))
    .description('what runs, how far the book is, and which sets are held')
    .action((options: OutputOptions) => status(around, options));
  addExamples(command, {
    status: 'services, log, book, held sets and unreadable records',
    'status -o wide': 'also who has taken over which shard',
  });
}

async function status(around: Surroundings, { output }: OutputOptions): Promise<void> {
  const settings = await settingsOf(around);
  // The client of the broker is slow to load, and few other commands need it.
  const { readLog } = await import('../read-log.ts');
  const [book, log] = await Promise.all([
    withBook(settings.databaseUrl, readBookStanding),
    readLog(settings),
  ]);
  show(around, statusAnswer({ book, log }, lookOf(around)), output);
  if (!log.reached) around.report(exitCodes.unavailable);
}
