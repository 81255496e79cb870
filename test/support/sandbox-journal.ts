import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** A line of the sandbox's journal, as far as tests look at it. */
const lineSchema = z.looseObject({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED']),
  /** When the change was committed: milliseconds since 1970. */
  at: z.number(),
  object: z.looseObject({
    kind: z.string(),
    metadata: z.looseObject({ name: z.string(), uid: z.string() }),
  }),
});

type Line = z.infer<typeof lineSchema>;

/** Names of all objects of a kind that were ever made, in order. */
export async function creationsIn(folder: string, kind: string): Promise<readonly string[]> {
  const lines = await linesOf(folder, kind);
  return lines.filter(({ type }) => type === 'ADDED').map(({ object }) => object.metadata.name);
}

/** How often one object was written. */
export async function writesIn(
  folder: string,
  object: { readonly kind: string; readonly name: string },
): Promise<number> {
  const lines = await linesOf(folder, object.kind);
  return lines.filter((line) => line.object.metadata.name === object.name).length;
}

/** When objects of a kind were deleted, by uid. */
export async function deletionTimesIn(
  folder: string,
  kind: string,
): Promise<ReadonlyMap<string, number>> {
  const deleted = (await linesOf(folder, kind)).filter(({ type }) => type === 'DELETED');
  return new Map(deleted.map(({ object, at }) => [object.metadata.uid, at]));
}

/** Most lines are of other kinds, and are not taken apart. */
async function linesOf(folder: string, kind: string): Promise<readonly Line[]> {
  const journal = join(folder, 'journal');
  const files = (await readdir(journal)).filter((name) => name.startsWith('changes-')).toSorted();
  if (files[0] !== 'changes-00000001.jsonl') {
    throw new Error(
      `the journal in ${journal} does not reach back to the start of the sandbox; run it with ROLLCALL_SANDBOX_JOURNAL=whole`,
    );
  }
  const found: Line[] = [];
  for (const file of files) {
    for (const line of wholeLines(await readFile(join(journal, file), 'utf8'))) {
      if (!line.includes(`"kind":"${kind}"`)) continue;
      const parsed = lineSchema.parse(JSON.parse(line));
      if (parsed.object.kind === kind) found.push(parsed);
    }
  }
  return found;
}

/** The last line of a journal that is being written may be half there. */
function wholeLines(text: string): readonly string[] {
  return text.split('\n').slice(0, -1);
}
