import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What was typed behind the program's name; ends the process with a word on what it takes otherwise. */
export function commandOptions<const T extends Options>(options: T) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const problem = error instanceof Error ? error.message.split('. ')[0] : String(error);
    return refuse(`${problem}; there are ${Object.keys(options).map(dashed).join(', ')}`);
  }
}

/** An option that is a whole number; ends the process where it is none. */
export function wholeNumber(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  return refuse(`${dashed(name)} takes a whole number, not ${text}`);
}

function dashed(name: string): string {
  return `--${name}`;
}

function refuse(problem: string): never {
  console.error(problem);
  process.exit(2);
}
