import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { openStore } from '#shared/store/open-store.ts';
import type { Store } from '#shared/store/open-store.ts';
import { isAlive, signalQuietly } from '../../services/sandbox/launch/process-table.mjs';
import { JournalTail } from '../support/journal-tail.ts';
import { launcherFileIn } from '../support/rollcall-folder.ts';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall, RollcallOptions } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';
import { diskPool } from './disk-pool.ts';
import type { PoolWish } from './disk-pool.ts';

/** As everything that a drill waits for comes back by itself, only a fault of ours takes so long. */
const patience = { timeoutMs: 120_000 } as const;

/** What of `rollcall status` tells of trouble. */
export type Health = {
  readonly recorder: { readonly lag: number | null };
  readonly log: { readonly reached: boolean };
  readonly book: { readonly brokenLineages: number };
  readonly held: readonly unknown[];
  readonly quarantined: readonly unknown[];
};

export type Row = { readonly [field: string]: string | number | boolean | null };

const accessSchema = z.object({ databaseUrl: z.string() });

/** A whole Rollcall that is about to be hurt, with the words for doing so and for what must come of it. */
export class Drill implements AsyncDisposable {
  readonly rollcall: Rollcall;
  readonly journal: JournalTail;
  /** For waiting, which is done often; what the book tells in the end is read with its own program. */
  readonly #book: Store;

  private constructor(rollcall: Rollcall) {
    this.rollcall = rollcall;
    this.journal = new JournalTail(join(rollcall.home, 'sandbox'));
    const access = JSON.parse(readFileSync(join(rollcall.home, 'cli.json'), 'utf8'));
    this.#book = openStore({ ...accessSchema.parse(access), name: 'drill', sessions: 1 });
  }

  static async start(options: RollcallOptions = {}): Promise<Drill> {
    return new Drill(await startRollcall(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#book[Symbol.asyncDispose]();
    await this.rollcall[Symbol.asyncDispose]();
  }

  /** An empty pool, which the book knows: what is changed before a watcher looks is seen as one change. */
  async make(wish: PoolWish): Promise<void> {
    const input = diskPool(wish);
    await this.#insist(`the pool ${wish.name}`, ['apply', '-f', '-'], input);
    await this.settles(wish.name, 0);
  }

  async scale(pool: string, replicas: number): Promise<void> {
    await this.#insist(`${pool} to take its size`, [
      ...['scale', 'vmpool', pool, '--replicas', String(replicas)],
    ]);
  }

  /** Machines of a pool that were ever made. */
  made(pool: string): Promise<number> {
    return this.journal.count('ADDED', { kind: 'VirtualMachine', prefix: `${pool}-` });
  }

  /** Machines of a pool that are gone. */
  gone(pool: string): Promise<number> {
    return this.journal.count('DELETED', { kind: 'VirtualMachine', prefix: `${pool}-` });
  }

  /** Waits until the cluster holds that many machines of the pool, and the book all that led to it. */
  async settles(pool: string, size: number): Promise<void> {
    await until(
      `${pool} to have ${size} machines`,
      async () => (await this.made(pool)) - (await this.gone(pool)) === size,
      { ...patience, everyMs: 20 },
    );
    await until(`the book to tell that ${pool} is done`, () => this.#tellsAllOf(pool, size), {
      ...patience,
      everyMs: 50,
    });
  }

  history(pool: string): Promise<readonly Row[]> {
    return this.#rows(['history', `vmpool/${pool}`]);
  }

  lostDisks(pool: string): Promise<readonly Row[]> {
    return this.#rows(['deleted-volumes', `vmpool/${pool}`]);
  }

  /** What `rollcall status` tells, once the recorder has read all there is. */
  async health(): Promise<Health> {
    let health: Health | undefined;
    await until('the recorder to have read all', async () => {
      health = await this.#health();
      return health.recorder.lag === 0;
    });
    return health ?? this.#health();
  }

  pid(part: string): number | undefined {
    return this.rollcall.pids().get(part);
  }

  /** As soon as the part is there to be killed; the launcher starts it again. */
  async kill(part: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await until(`${part} to be there`, () => isRunning(this.pid(part)), { everyMs: 5 });
    signalQuietly(this.pid(part) ?? 0, signal);
  }

  /** Ends a part, and keeps the launcher from starting it again until `comeBack`. */
  keepDown(part: string, signal: NodeJS.Signals): { comeBack(): void } {
    const launcher = Number(readFileSync(launcherFileIn(dirname(this.rollcall.home)), 'utf8'));
    const pid = this.pid(part);
    if (pid === undefined) throw new Error(`${part} does not run`);
    signalQuietly(launcher, 'SIGSTOP');
    signalQuietly(pid, signal);
    return { comeBack: () => signalQuietly(launcher, 'SIGCONT') };
  }

  /** What a part has logged since the data folder was made. */
  log(part: string): string {
    return readFileSync(join(this.rollcall.home, 'log', `${part}.log`), 'utf8');
  }

  async #tellsAllOf(pool: string, size: number): Promise<boolean> {
    const { db } = this.#book;
    const rows = await db
      .selectFrom('book.history')
      .select(['to_size', 'outcome'])
      .where('set_name', '=', pool)
      .orderBy('id')
      .execute();
    const disks = await db
      .selectFrom('book.deleted_volumes')
      .select('gone_at')
      .where('set_name', '=', pool)
      .where('state', '<>', 'kept')
      .execute();
    return (
      rows.at(-1)?.to_size === size &&
      rows.every(({ outcome }) => outcome === 'done') &&
      disks.every((disk) => disk.gone_at !== null)
    );
  }

  async #health(): Promise<Health> {
    const { stdout } = await this.rollcall.rollcall(['status', '-o', 'json']);
    const status: Health = JSON.parse(stdout);
    return {
      recorder: { lag: status.recorder.lag },
      log: { reached: status.log.reached },
      book: { brokenLineages: status.book.brokenLineages },
      held: status.held,
      quarantined: status.quarantined,
    };
  }

  async #rows(command: readonly string[]): Promise<readonly Row[]> {
    const { stdout } = await this.rollcall.rollcall([...command, '-o', 'json']);
    const rows: readonly Row[] = JSON.parse(stdout);
    return rows;
  }

  async #insist(what: string, args: readonly string[], input?: string): Promise<void> {
    await until(
      what,
      async () => {
        await this.rollcall.kubectl(args, input === undefined ? {} : { input });
        return true;
      },
      patience,
    );
  }
}

function isRunning(pid: number | undefined): boolean {
  return pid !== undefined && isAlive(pid);
}
