import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import type { Restored } from './core.ts';
import {
  changesFile,
  readJournal,
  removeOlder,
  syncFolder,
  writeSnapshot,
} from './journal-files.ts';
import type { ChangeLine } from './journal-lines.ts';
import type { Change, Store } from './types.ts';

export type JournalParts = {
  /** Made when it is missing. */
  readonly folder: string;
  /** Wall time in milliseconds. */
  readonly now?: () => number;
  /** A file of changes that grows beyond this is replaced by a snapshot; 64 MB when left out. */
  readonly largestBytes?: number;
  /** Whether files that a snapshot has made needless stay, for people who read all that ever was. */
  readonly keepsAll?: boolean;
};

/** All changes of a store on disk, so that it survives its process. */
export interface Journal extends AsyncDisposable {
  /** What an earlier run left. */
  readonly restored: Restored;
  /** Keeps a change; it is safe when `durable` says so. */
  append(change: Change): void;
  /**
   * Resolves when everything up to a resourceVersion is on disk; many waits share one fdatasync.
   */
  durable(resourceVersion: number): Promise<void>;
  /** From now on snapshots are taken of this store when the file grows large. */
  attach(store: Pick<Store, 'dump' | 'resourceVersion'>): void;
}

const defaultLargestBytes = 64 * 1024 * 1024;

export async function openJournal(parts: JournalParts): Promise<Journal> {
  const { folder, now = Date.now, largestBytes = defaultLargestBytes, keepsAll = false } = parts;
  const { restored, generation } = await readJournal(folder);
  const file = await openChanges(folder, Math.max(generation, 1));
  await syncFolder(folder);
  const safe = restored.changes.at(-1)?.resourceVersion ?? restored.resourceVersion;
  return new FileJournal({ folder, now, largestBytes, keepsAll, restored, safe }, file);
}

type OpenFile = { readonly handle: FileHandle; readonly generation: number; bytes: number };

async function openChanges(folder: string, generation: number): Promise<OpenFile> {
  const handle = await open(changesFile(folder, generation), 'a', 0o600);
  const { size } = await handle.stat();
  return { handle, generation, bytes: size };
}

type Waiter = {
  readonly resourceVersion: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

type Opened = Required<JournalParts> & { readonly restored: Restored; readonly safe: number };
type Source = Pick<Store, 'dump' | 'resourceVersion'>;

class FileJournal implements Journal {
  readonly restored: Restored;
  readonly #opened: Opened;
  #file: OpenFile;
  #lines: ChangeLine[] = [];
  #waiters: Waiter[] = [];
  #safe: number;
  #source: Source | undefined;
  #flushing: Promise<void> | undefined;
  #snapshot: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(opened: Opened, file: OpenFile) {
    this.restored = opened.restored;
    this.#opened = opened;
    this.#safe = opened.safe;
    this.#file = file;
  }

  append({ resourceVersion: rv, type, object }: Change): void {
    if (this.#failure !== undefined) return;
    this.#lines.push({ rv, at: this.#opened.now(), type, object });
    this.#flushing ??= this.#flush();
  }

  async durable(resourceVersion: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failed(this.#failure.error);
    const isQuiet = this.#flushing === undefined && this.#lines.length === 0;
    if (isQuiet || resourceVersion <= this.#safe) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ resourceVersion, resolve, reject });
    await promise;
  }

  attach(source: Source): void {
    this.#source = source;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushing;
    await this.#snapshot;
    await this.#file.handle.close();
  }

  /** Writes until nothing is left. A failure is final: what was told to be safe must be. */
  async #flush(): Promise<void> {
    try {
      // The changes of one turn travel together.
      await Promise.resolve();
      while (this.#lines.length > 0) {
        await this.#write(this.#take());
        await this.#rotate();
      }
    } catch (error) {
      this.#failure = { error };
      this.#waiters.forEach((waiter) => waiter.reject(this.#failed(error)));
      this.#waiters = [];
      this.#lines = [];
    } finally {
      this.#flushing = undefined;
    }
  }

  #take(): readonly ChangeLine[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  async #write(lines: readonly ChangeLine[]): Promise<void> {
    const last = lines.at(-1);
    if (last === undefined) return;
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await this.#file.handle.writeFile(bytes);
    await this.#file.handle.datasync();
    this.#file.bytes += bytes.length;
    this.#safe = last.rv;
    const waiting = this.#waiters;
    this.#waiters = waiting.filter((waiter) => waiter.resourceVersion > last.rv);
    waiting
      .filter((waiter) => waiter.resourceVersion <= last.rv)
      .forEach(({ resolve }) => resolve());
  }

  /**
   * Goes on in a new file, and writes beside it a snapshot of what stood at the end of the old one.
   */
  async #rotate(): Promise<void> {
    const source = this.#source;
    const { folder, largestBytes, now } = this.#opened;
    if (source === undefined || this.#snapshot !== undefined) return;
    if (this.#file.bytes < largestBytes) return;
    const next = await openChanges(folder, this.#file.generation + 1);
    await syncFolder(folder);
    // These two belong together: the snapshot holds exactly what the old file will hold.
    const objects = source.dump();
    const tail = this.#take();
    const head = { snapshot: source.resourceVersion, at: now(), count: objects.length };
    await this.#write(tail);
    await this.#file.handle.close();
    this.#file = next;
    this.#snapshot = this.#writeSnapshot({ folder, generation: next.generation, head, objects });
  }

  async #writeSnapshot(snapshot: Parameters<typeof writeSnapshot>[0]): Promise<void> {
    try {
      await writeSnapshot(snapshot);
      if (this.#opened.keepsAll) return;
      await removeOlder(snapshot.folder, snapshot.generation);
    } catch {
      // Without the snapshot the older files stay and tell the same; the next rotation tries again.
    } finally {
      this.#snapshot = undefined;
    }
  }

  #failed(cause: unknown): Error {
    return new Error(`writing the sandbox's journal in ${this.#opened.folder}`, { cause });
  }
}
