import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
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

/** Nobody answers through a pipe: what has to be confirmed is not done then. */
async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(await asking.question(`${question} [y/N] `));
  } finally {
    asking.close();
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown'; // A container may run as a number that has no name.
  }
}

// A reader that has seen enough, such as head, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

/** For commands that run until they are stopped; the others end at once, as any program does. */
function untilStopped(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return stop.signal;
}

const program = createProgram({
  env: process.env,
  folders: [process.cwd(), import.meta.dirname],
  // Through a pipe it is undefined, which the palette would take for "decide yourself".
  isTerminal: process.stdout.isTTY === true,
  now: () => new Date(),
  print: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
  confirm,
  untilStopped,
  user: userName(),
  report: (code) => {
    process.exitCode = code;
  },
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error);
}
