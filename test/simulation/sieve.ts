import type { Page } from '#shared/cluster/cluster.ts';
import type { Shard } from '#shared/contract/ids.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import type { Change, KubeObject, Store } from '../../services/sandbox/store/types.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** The one thing that is done to a run that is otherwise left alone; places count from 1. */
export type Interference =
  | { readonly type: 'crash'; readonly write: number; readonly when: 'before' | 'after' }
  /** The watch passes the event over. */
  | { readonly type: 'hide'; readonly event: number }
  /** The watcher ends, and the next one is first shown what was so many versions ago. */
  | { readonly type: 'restart'; readonly event: number; readonly behind: number };

/** What a run offers to interfere with, and what was made and deleted in it. */
export type SieveReport = {
  readonly writes: readonly string[];
  readonly events: readonly string[];
  /** What was made and deleted, and how often, by kind and name. */
  readonly changes: ReadonlyMap<string, number>;
};

/** Counts every write of ours and every event, and interferes with one of them. */
export class Sieve {
  readonly #plan: Interference | undefined;
  readonly #shard: Shard;
  readonly #writes: string[] = [];
  readonly #events: string[] = [];
  readonly #history: Change[] = [];
  #staleUntil: { readonly version: number; readonly kinds: Set<string> } | undefined;

  constructor(
    store: Store,
    { plan, shard }: { readonly plan: Interference | undefined; readonly shard: Shard },
  ) {
    this.#plan = plan;
    this.#shard = shard;
    store.subscribe((change) => void this.#history.push(change));
  }

  /** A write is about to be made: whether its process ends before or after it. */
  crashAt(what: string): 'before' | 'after' | undefined {
    this.#writes.push(what);
    const plan = this.#plan;
    return plan?.type === 'crash' && plan.write === this.#writes.length ? plan.when : undefined;
  }

  /** The same for an append; only the shard in which something happens is of interest. */
  crashAtAppend(shard: Shard, record: LogRecord): 'before' | 'after' | undefined {
    return shard === this.#shard ? this.crashAt(`append ${record.type}`) : undefined;
  }

  /** An event is about to be delivered: whether it is hidden. Ends the process where the plan says so. */
  hides(process: SimulatedProcess, { type, object, resourceVersion }: Change): boolean {
    this.#events.push(`${type} ${object.kind} ${object.metadata.name}`);
    const plan = this.#plan;
    if (plan === undefined || plan.type === 'crash' || plan.event !== this.#events.length) {
      return false;
    }
    if (plan.type === 'hide') return true;
    const version = Math.max(1, resourceVersion - plan.behind);
    this.#staleUntil = { version, kinds: new Set() };
    process.end();
    return true;
  }

  /** The list of a kind as it was, once for each kind after a restart at an older view. */
  oldList(kind: string): Page | undefined {
    const stale = this.#staleUntil;
    if (stale === undefined || stale.kinds.has(kind)) return undefined;
    stale.kinds.add(kind);
    const objects = new Map<string, KubeObject>();
    for (const { definition, object, resourceVersion, type } of this.#history) {
      if (definition.kind !== kind || resourceVersion > stale.version) continue;
      if (type === 'DELETED') objects.delete(object.metadata.uid);
      else objects.set(object.metadata.uid, object);
    }
    return { items: [...objects.values()], resourceVersion: String(stale.version) };
  }

  report(): SieveReport {
    const changes = new Map<string, number>();
    for (const { type, object } of this.#history) {
      if (type === 'MODIFIED' || object.kind === 'Event') continue;
      const key = `${type} ${object.kind} ${placeOf(object)}`;
      changes.set(key, (changes.get(key) ?? 0) + 1);
    }
    return { writes: this.#writes, events: this.#events, changes };
  }
}

/** Names that hold something of a uid or of an effect id are another's in each run. */
function placeOf({ kind, metadata }: KubeObject): string {
  const isStable = kind !== 'PersistentVolume' && !metadata.name.startsWith('batch');
  return isStable ? metadata.name : '*';
}
