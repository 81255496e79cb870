import type { Environment } from '#shared/process/parse-settings.ts';
import { colorsFor } from './colors.ts';
import type { Look } from './colors.ts';
import type { ExitCode } from './failure.ts';
import { renderAnswer } from './output.ts';
import type { Answer, Format } from './output.ts';
import { readSettings } from './settings.ts';
import type { CliSettings } from './settings.ts';

/** What the program has around it. */
export type Surroundings = {
  readonly env: Environment;
  /** Where to look for .rollcall, upwards, the first find wins. */
  readonly folders: readonly string[];
  readonly isTerminal: boolean;
  readonly now: () => Date;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
  /** Asks a yes-or-no question; false where nobody is there to answer. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Aborts when the person wants to stop; from the first call on, Ctrl-C does nothing else. */
  readonly untilStopped: () => AbortSignal;
  /** Who types here, as the machine knows him. */
  readonly user: string;
  /** Told the exit code of what went well but found something. */
  readonly report: (code: ExitCode) => void;
};

export function settingsOf(around: Surroundings): Promise<CliSettings> {
  return readSettings(around.env, around.folders);
}

export function lookOf({ now, isTerminal }: Surroundings): Look {
  return { now: now(), colors: colorsFor(isTerminal) };
}

export function show(around: Surroundings, answer: Answer, output: Format): void {
  around.print(renderAnswer(answer, output));
}

export type Rows = {
  readonly answer: Answer;
  readonly isEmpty: boolean;
  /** There were more than `--limit` lets through. */
  readonly isCut?: boolean;
  readonly output: Format;
};

/** The newest rows, which stand last, of an answer for which one more than the limit was asked. */
export function newestOf<Row>(rows: readonly Row[], limit: number) {
  return { rows: rows.slice(-limit), isCut: rows.length > limit };
}

/**
 * An empty table is a sentence for people; programs get an empty list. That rows were left out is said
 * beside the answer, for a part that is taken for the whole is a wrong answer.
 */
export function showRows(around: Surroundings, rows: Rows, sentence: () => string): void {
  const { answer, isEmpty, isCut = false, output } = rows;
  if (isEmpty && (output === 'table' || output === 'wide')) around.complain(`${sentence()}\n`);
  else show(around, answer, output);
  if (isCut) around.complain('rollcall: there are more; a higher --limit shows them\n');
}
