import { existsSync } from 'node:fs';
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

/** When objects of a kind were deleted, by uid. */
export async function deletionTimesIn(
  folder: string,
  kind: string,
): Promise<ReadonlyMap<string, number>> {
  const deleted = (await linesOf(folder, kind)).filter(({ type }) => type === 'DELETED');
  return new Map(deleted.map(({ object, at }) => [object.metadata.uid, at]));
}

async function linesOf(folder: string, kind: string): Promise<readonly Line[]> {
  const file = join(folder, 'journal.jsonl');
  if (!existsSync(file)) {
    throw new Error(`no journal in ${folder}, only: ${(await readdir(folder)).join(', ')}`);
  }
  const text = await readFile(file, 'utf8');
  // The last line may be half written.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
    .flatMap((line) => {
      const parsed = lineSchema.safeParse(line);
      return parsed.success && parsed.data.object.kind === kind ? [parsed.data] : [];
    });
}
