import { mkdir, open, readdir, readFile, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';

import type { Restored } from './core.ts';
import { isSnapshotHead, parseChangeLine, parseSnapshotLine, readLines } from './journal-lines.ts';
import type { SnapshotHead } from './journal-lines.ts';
import type { KubeObject } from './types.ts';

/** A snapshot and the changes after it; `generation` is the number in the newest file's name. */
export type Found = { readonly restored: Restored; readonly generation: number };

const namePattern = /^(changes|snapshot)-(\d{8})\.jsonl$/;

export function changesFile(folder: string, generation: number): string {
  return join(folder, `changes-${numbered(generation)}.jsonl`);
}

function snapshotFile(folder: string, generation: number): string {
  return join(folder, `snapshot-${numbered(generation)}.jsonl`);
}

function numbered(generation: number): string {
  return String(generation).padStart(8, '0');
}

/** Reads what an earlier run left, and cuts off a last line that it did not finish. */
export async function readJournal(folder: string): Promise<Found> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const generations = await generationsIn(folder);
  const base = generations.snapshots.at(-1) ?? 0;
  const objects = await readSnapshot(folder, base);
  const changes: Restored['changes'][] = [];
  for (const generation of generations.changes.filter((each) => each >= base)) {
    changes.push(await readChanges(changesFile(folder, generation)));
  }
  const generation = Math.max(base, generations.changes.at(-1) ?? 0);
  return { restored: { ...objects, changes: changes.flat() }, generation };
}

async function generationsIn(folder: string) {
  const names = (await readdir(folder)).map((name) => namePattern.exec(name));
  const of = (kind: string): readonly number[] =>
    names
      .filter((match) => match?.[1] === kind)
      .map((match) => Number(match?.[2]))
      .toSorted((left, right) => left - right);
  return { changes: of('changes'), snapshots: of('snapshot') };
}

async function readChanges(file: string): Promise<Restored['changes']> {
  const bytes = await readFile(file);
  const { values, wholeBytes } = inFile(file, () => readLines(bytes, parseChangeLine));
  if (wholeBytes < bytes.length) await truncate(file, wholeBytes);
  return values;
}

async function readSnapshot(
  folder: string,
  generation: number,
): Promise<Pick<Restored, 'resourceVersion' | 'objects'>> {
  if (generation === 0) return { resourceVersion: 0, objects: [] };
  const file = snapshotFile(folder, generation);
  const bytes = await readFile(file);
  const { values } = inFile(file, () => readLines(bytes, parseSnapshotLine));
  const [head, ...lines] = values;
  const objects = lines.flatMap((line) => (isSnapshotHead(line) ? [] : [line]));
  if (head === undefined || !isSnapshotHead(head) || head.count !== objects.length) {
    throw new Error(`reading ${file}: the snapshot is not whole`);
  }
  return { resourceVersion: head.snapshot, objects };
}

function inFile<Value>(file: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw new Error(`reading the sandbox's journal ${file}`, { cause });
  }
}

type Snapshot = {
  readonly folder: string;
  readonly generation: number;
  readonly head: SnapshotHead;
  readonly objects: readonly KubeObject[];
};

const objectsInWrite = 500;

/** Writes a snapshot under another name first, so that one which is there is whole. */
export async function writeSnapshot({
  folder,
  generation,
  head,
  objects,
}: Snapshot): Promise<void> {
  const file = snapshotFile(folder, generation);
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w', 0o600);
  try {
    await handle.write(`${JSON.stringify(head)}\n`);
    for (let start = 0; start < objects.length; start += objectsInWrite) {
      const some = objects.slice(start, start + objectsInWrite);
      await handle.writeFile(some.map((object) => `${JSON.stringify(object)}\n`).join(''));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, file);
  await syncFolder(folder);
}

/** Removes what a snapshot has made needless. */
export async function removeOlder(folder: string, generation: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const number = Number(namePattern.exec(name)?.[2] ?? generation);
    if (number < generation) await rm(join(folder, name), { force: true });
  }
}

/** A new name is safe only when its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
