import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { GivenStore, aSet, at, stillClock } from './given-store.ts';
import { openJournal } from './journal.ts';
import type { Journal } from './journal.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-journal-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function givenStore(journal: Journal, clock = stillClock()): GivenStore {
  const { restored } = journal;
  const isNew = restored.resourceVersion === 0 && restored.changes.length === 0;
  const given = new GivenStore({ journal, ...(isNew ? {} : { restored }) }, clock);
  journal.attach(given.store);
  return given;
}

async function lines(): Promise<readonly Record<string, unknown>[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('changes-')).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function waitFor(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the journal', () => {
  it('brings a store back as it was, with its history', async () => {
    const journal = await openJournal({ folder });
    const given = givenStore(journal);
    const first = given.create('sets', aSet('a'));
    given.merge('sets', 'a', { spec: { replicas: 2 } });
    given.create('sets', aSet('b'));
    given.delete('sets', 'b');
    const { store } = given;
    const start = Number(at(first, 'metadata.resourceVersion'));
    await journal.durable(store.resourceVersion);
    // No goodbye: the second journal reads what a killed process leaves.
    const again = await openJournal({ folder });
    const restored = givenStore(again);
    expect(restored.store.dump()).toEqual(store.dump());
    expect(restored.store.resourceVersion).toBe(store.resourceVersion);
    expect(restored.store.changesSince(start)).toEqual(store.changesSince(start));
    await again[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
  });

  it('is written before a version is called durable, with the wall time of each change', async () => {
    let nowMs = 1000;
    const journal = await openJournal({ folder, now: () => nowMs });
    const given = givenStore(journal);
    nowMs = 2000;
    given.create('sets', aSet('a'));
    await journal.durable(given.store.resourceVersion);
    expect((await lines()).at(-1)).toMatchObject({
      rv: given.store.resourceVersion,
      at: 2000,
      type: 'ADDED',
      object: { kind: 'Set', metadata: { name: 'a' } },
    });
    await journal[Symbol.asyncDispose]();
  });

  it('cuts off a last line that was torn, and goes on behind the whole ones', async () => {
    const journal = await openJournal({ folder });
    const given = givenStore(journal);
    given.create('sets', aSet('a'));
    await journal[Symbol.asyncDispose]();
    const [name = ''] = await readdir(folder);
    await appendFile(join(folder, name), '{"rv":99,"at":1,"type":"ADD');
    const second = await openJournal({ folder });
    const restored = givenStore(second);
    restored.create('sets', aSet('b'));
    await second[Symbol.asyncDispose]();
    const third = await openJournal({ folder });
    expect(givenStore(third).store.dump()).toEqual(restored.store.dump());
    await third[Symbol.asyncDispose]();
  });

  it('refuses a journal that is broken in its middle', async () => {
    const journal = await openJournal({ folder });
    givenStore(journal);
    await journal[Symbol.asyncDispose]();
    const [name = ''] = await readdir(folder);
    const text = await readFile(join(folder, name), 'utf8');
    await writeFile(join(folder, name), `nonsense\n${text}`);
    await expect(openJournal({ folder })).rejects.toThrow(/reading the sandbox's journal/);
  });

  it('replaces a file that has grown large by a snapshot', async () => {
    const journal = await openJournal({ folder, largestBytes: 40_000 });
    const given = givenStore(journal);
    for (let index = 0; index < 200; index += 1) {
      given.create('sets', aSet(`s-${index}`));
      await journal.durable(given.store.resourceVersion);
    }
    const hasOneSnapshot = async () => {
      const names = await readdir(folder);
      return names.length === 2 && names.some((name) => /^snapshot-\d+\.jsonl$/.test(name));
    };
    await waitFor(hasOneSnapshot);
    await journal[Symbol.asyncDispose]();
    const again = await openJournal({ folder });
    expect(again.restored.objects.length).toBeGreaterThan(10);
    const restored = givenStore(again);
    expect(restored.store.dump()).toEqual(given.store.dump());
    expect(restored.store.resourceVersion).toBe(given.store.resourceVersion);
    await again[Symbol.asyncDispose]();
  });

  it('keeps every change where it is asked to, and comes back the same', async () => {
    const journal = await openJournal({ folder, largestBytes: 40_000, keepsAll: true });
    const given = givenStore(journal);
    for (let index = 0; index < 200; index += 1) {
      given.create('sets', aSet(`s-${index}`));
      await journal.durable(given.store.resourceVersion);
    }
    await journal[Symbol.asyncDispose]();
    const names = await readdir(folder);
    expect(names).toContain('changes-00000001.jsonl');
    expect(names.some((name) => name.startsWith('snapshot-'))).toBe(true);
    const added = (await lines()).filter(({ type }) => type === 'ADDED');
    expect(added.length).toBeGreaterThanOrEqual(200);
    const again = await openJournal({ folder, keepsAll: true });
    expect(givenStore(again).store.dump()).toEqual(given.store.dump());
    await again[Symbol.asyncDispose]();
  });

  it('loses nothing when a snapshot was not finished', async () => {
    const journal = await openJournal({ folder, largestBytes: 1 });
    const given = givenStore(journal);
    given.create('sets', aSet('a'));
    await journal[Symbol.asyncDispose]();
    await writeFile(join(folder, 'snapshot-00000099.jsonl.partial'), '{"snapshot":1');
    const again = await openJournal({ folder });
    expect(givenStore(again).store.dump()).toEqual(given.store.dump());
    await again[Symbol.asyncDispose]();
  });

  it('tells who waits when it cannot write, and stays broken', async () => {
    const journal = await openJournal({ folder });
    const given = givenStore(journal);
    await journal.durable(given.store.resourceVersion);
    await journal[Symbol.asyncDispose]();
    given.create('sets', aSet('a'));
    const { resourceVersion } = given.store;
    await expect(journal.durable(resourceVersion)).rejects.toThrow(/writing the sandbox's journal/);
    await expect(journal.durable(resourceVersion)).rejects.toThrow(/writing the sandbox's journal/);
  });
});
