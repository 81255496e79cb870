import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const lineSchema = z.looseObject({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED']),
  at: z.number(),
  object: z.looseObject({
    kind: z.string(),
    metadata: z.looseObject({ name: z.string(), uid: z.string() }),
  }),
});

/** One object made or gone, as the sandbox has it on disk. */
export type Deed = {
  readonly type: 'ADDED' | 'DELETED';
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** When it was committed: milliseconds since 1970. */
  readonly at: number;
};

/**
 * Follows the journal of a sandbox while it is written, from the first change on. Cheap enough to be
 * asked often, and it needs no API server, so it also tells while that is down.
 */
export class JournalTail {
  readonly #folder: string;
  readonly #read = new Map<string, number>();
  readonly #deeds: Deed[] = [];
  #reading: Promise<void> = Promise.resolve();

  constructor(sandboxFolder: string) {
    this.#folder = join(sandboxFolder, 'journal');
  }

  /** All creations and deletions so far, in order. */
  async deeds(): Promise<readonly Deed[]> {
    // One reading at a time, or two would both take what is new.
    this.#reading = this.#reading.then(() => this.#followAll());
    await this.#reading;
    return this.#deeds;
  }

  /** How many objects of a kind, whose names begin like this, were made or are gone. */
  async count(
    type: Deed['type'],
    { kind, prefix }: { readonly kind: string; readonly prefix: string },
  ): Promise<number> {
    const deeds = await this.deeds();
    return deeds.filter(
      (deed) => deed.type === type && deed.kind === kind && deed.name.startsWith(prefix),
    ).length;
  }

  async #followAll(): Promise<void> {
    const files = (await readdir(this.#folder)).filter((name) => name.startsWith('changes-'));
    for (const file of files.toSorted()) await this.#follow(file);
    if (this.#read.size > 0 && !this.#read.has('changes-00000001.jsonl')) {
      throw new Error(`the journal in ${this.#folder} does not reach back to its start`);
    }
  }

  async #follow(file: string): Promise<void> {
    await using handle = await open(join(this.#folder, file));
    const from = this.#read.get(file) ?? 0;
    const { size } = await handle.stat();
    const room = Buffer.alloc(Math.max(0, size - from));
    const { bytesRead } = await handle.read(room, 0, room.length, from);
    const bytes = room.subarray(0, bytesRead);
    // The last line may be half there, and is cut off when its writer was killed.
    const end = bytes.lastIndexOf('\n') + 1;
    this.#read.set(file, from + end);
    for (const line of bytes.subarray(0, end).toString('utf8').split('\n')) {
      if (line.includes('"type":"ADDED"') || line.includes('"type":"DELETED"')) this.#take(line);
    }
  }

  #take(line: string): void {
    const { type, at, object } = lineSchema.parse(JSON.parse(line));
    if (type === 'MODIFIED') return;
    const { kind, metadata } = object;
    this.#deeds.push({ type, at, kind, name: metadata.name, uid: metadata.uid });
  }
}
