import { readFileSync } from 'node:fs';
import { startRollcall } from '../../support/start-rollcall.ts';
import type { Rollcall } from '../../support/start-rollcall.ts';
import { typingOn } from '../../support/typed-commands.ts';
import type { Following, Typing } from '../../support/typed-commands.ts';
import { until } from '../../support/until.ts';

export const examples = 'deploy/examples';

export type Row = { readonly [field: string]: string | number | null };

/** Where all stories sit: one Rollcall that runs, and two kubectl to type with. */
export class Desk {
  #open: { readonly rollcall: Rollcall; readonly old: Typing; readonly young: Typing } | undefined;

  async open(): Promise<void> {
    // Real autoscalers look every 15 seconds.
    const rollcall = await startRollcall({ env: { ROLLCALL_SANDBOX_HPA_INTERVAL_MS: '1000' } });
    const [old, young] = [await typingOn(rollcall, '32'), await typingOn(rollcall, '36')];
    this.#open = { rollcall, old, young };
  }

  async close(): Promise<void> {
    await this.#open?.rollcall[Symbol.asyncDispose]();
  }

  get #here() {
    if (this.#open === undefined) throw new Error('nothing runs yet');
    return this.#open;
  }

  /** kubectl 1.36. */
  get young(): Typing {
    return this.#here.young;
  }

  /** kubectl 1.32, with which lines are typed unless a test says otherwise. */
  get old(): Typing {
    return this.#here.old;
  }

  type(line: string, input?: string): Promise<string> {
    return this.old.type(line, input);
  }

  /** The lines of what a command lists, without the heads of columns. */
  async lines(line: string): Promise<readonly string[]> {
    const listed = await this.type(`${line} --no-headers`);
    return listed.split('\n').filter((one) => one.trim() !== '');
  }

  /** Names in order; `where` is a namespace, a selector, or both. */
  async names(kind: string, where: string): Promise<readonly string[]> {
    const listed = await this.type(`kubectl get ${kind} ${where} -o name`);
    return listed
      .split('\n')
      .filter((one) => one !== '')
      .map((one) => one.slice(one.indexOf('/') + 1))
      .toSorted();
  }

  /** Wanted, present and ready, as `kubectl get` prints them. */
  async sizes(set: string, where: string): Promise<string> {
    const [row = ''] = await this.lines(`kubectl get ${set} ${where}`);
    return row.split(/\s+/).slice(1, 4).join('/');
  }

  settled(set: string, where: string, size: number): Promise<void> {
    return until(`${set} to have ${size} ready members`, async () => {
      return (await this.sizes(set, where)) === `${size}/${size}/${size}`;
    });
  }

  /** What one field of an object says; empty without the field or the object. */
  field(object: string, where: string, path: string): Promise<string> {
    return this.type(`kubectl get ${object} ${where} --ignore-not-found -o jsonpath='{${path}}'`);
  }

  uidOf(object: string, where: string): Promise<string> {
    return this.field(object, where, '.metadata.uid');
  }

  /** The rows of a `rollcall` command. */
  async book(...args: readonly string[]): Promise<readonly Row[]> {
    const { stdout } = await this.#here.rollcall.rollcall([...args, '-o', 'json']);
    const parsed: readonly Row[] = JSON.parse(stdout);
    return parsed;
  }

  /** When the sandbox deleted objects of a kind: milliseconds since 1970 by uid. */
  deletionTimes(kind: string): Promise<ReadonlyMap<string, number>> {
    return this.#here.rollcall.deletionTimes(kind);
  }

  /** Starts a line that runs on, such as a watch, and hands out what it has said so far. */
  follow(line: string): Following {
    return this.#here.old.follow(line);
  }
}

/** An example as it would stand in another namespace, or with other words. */
export function example(file: string, change: (text: string) => string): string {
  return change(readFileSync(`${examples}/${file}`, 'utf8'));
}
