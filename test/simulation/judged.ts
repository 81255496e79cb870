import { createHash } from 'node:crypto';
import type { History } from './history.ts';

/** Enough has gone wrong. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

const mostViolations = 20;

/** What a history has broken, and a hash of all that happened in it. */
export class Judged {
  readonly violations: string[] = [];
  readonly #history: History;
  readonly #hash = createHash('sha256');

  constructor(history: History) {
    this.#history = history;
  }

  readonly violation = (invariant: string, text: string): void => {
    this.violations.push(`${invariant}: ${text}`);
    this.#history.note(`VIOLATION ${invariant}: ${text}`);
  };

  get isEnough(): boolean {
    return this.violations.length >= mostViolations;
  }

  happened(text: string): void {
    this.#hash.update(text).update('\n');
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
