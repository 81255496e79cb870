import type { Command } from 'commander';
import { verifyChain } from '#shared/store/verify-chain.ts';
import { exitCodes } from '../failure.ts';
import { addExamples } from '../options.ts';
import { lookOf, settingsOf } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';
import { withBook } from '../with-book.ts';

export function addVerify(program: Command, around: Surroundings): void {
  const command = program
    .command('verify')
    .description('walks the chain of the book and names the first entry that was tampered with')
    .action(() => verify(around));
  addExamples(command, { verify: 'exit code 1 when the chain is broken' });
}

async function verify(around: Surroundings): Promise<void> {
  const { databaseUrl } = await settingsOf(around);
  const result = await withBook(databaseUrl, verifyChain);
  const { colors } = lookOf(around);
  if (result.whole) {
    around.print(`${colors.green('whole')}: ${result.entries} entries, head ${result.head}\n`);
    return;
  }
  around.print(`${colors.red('broken')} at entry ${result.firstBad}: ${result.problem}\n`);
  around.report(exitCodes.error);
}
