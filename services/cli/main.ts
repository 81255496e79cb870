import { CommanderError } from 'commander';
import { CommandError, exitCodes } from './failure.ts';
import type { ExitCode } from './failure.ts';
import { createProgram } from './program.ts';

/** One line for people; a stack only where it was asked for. */
function reportFailure(error: unknown): ExitCode {
  // The parser has said what was wrong with the usage already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const [message] = (error instanceof Error ? error.message : String(error)).split('\n');
  process.stderr.write(`rollcall: ${message}\n`);
  if (process.env['LOG_LEVEL'] === 'debug') console.error(error);
  return error instanceof CommandError ? error.exitCode : exitCodes.error;
}

// A reader that has seen enough, such as head, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

const program = createProgram(
  {
    env: process.env,
    folders: [process.cwd(), import.meta.dirname],
    isTerminal: process.stdout.isTTY,
    now: () => new Date(),
    print: (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(text),
  },
  (code) => {
    process.exitCode = code;
  },
);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error);
}
