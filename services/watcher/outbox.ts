import type { Shard } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Observable } from '#shared/contract/objects.ts';
import type { Fact } from '#shared/contract/records.ts';
import { unreachable } from '#shared/lib/assert.ts';

export type OutboxLimits = {
  /** Most facts handed to the log and not yet stored; one object's waiting facts go together. */
  readonly inFlight: number;
  /**
   * Facts kept back before readers are asked to wait. What a reader has at hand then comes on top: for
   * each kind a page of a list with its brackets, or one event of a watch.
   */
  readonly held: number;
};

type Append = (shard: Shard, fact: Fact) => Promise<unknown>;

/** Facts of one object that wait; or one bracket or sighting of a survey. */
type Entry = { readonly shard: Shard; facts: Fact[] };

/**
 * Between the watches and the log. While the log keeps up, a fact passes at once. Under pressure facts
 * wait in order, and of one object only those that tell something: the newest, and each change of
 * generation, replicas or deletion. Nothing is merged across a bracket of its kind, for a sighting that
 * slipped behind a survey would bring back what the survey has shown to be gone.
 */
export class Outbox {
  readonly #append: Append;
  readonly #limits: OutboxLimits;
  readonly #queue = new Set<Entry>();
  readonly #open = new Map<Kind, Map<string, Entry>>();
  readonly #broken = Promise.withResolvers<never>();
  #waiting: (() => void)[] = [];
  #unstored = 0;
  #held = 0;
  #merged = 0;
  #isClosed = false;

  constructor(append: Append, limits: OutboxLimits) {
    this.#append = append;
    this.#limits = limits;
    this.#broken.promise.catch(() => undefined);
  }

  /** Rejects when the log takes nothing any more. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /** Facts that were passed over because a newer one of the same object followed. */
  get merged(): number {
    return this.#merged;
  }

  /** Facts kept back. */
  get held(): number {
    return this.#held;
  }

  /** Facts handed to the log and not yet stored. */
  get unstored(): number {
    return this.#unstored;
  }

  get hasRoom(): boolean {
    return this.#held < this.#limits.held;
  }

  /** Resolves when there is room again; whoever can wait does so before it reads on. */
  async room(): Promise<void> {
    while (!this.hasRoom) await this.#change();
  }

  /** Resolves when everything told so far is stored, and nothing came in between. */
  async drained(): Promise<void> {
    while (this.#unstored > 0 || this.#held > 0) await this.#change();
  }

  /** Drops what is held back: nothing is sent from now on. */
  close(): void {
    this.#isClosed = true;
    this.#queue.clear();
    this.#open.clear();
    this.#held = 0;
    this.#wake();
  }

  tell(shard: Shard, fact: Fact): void {
    if (this.#isClosed) return;
    if (this.#queue.size === 0 && this.#unstored < this.#limits.inFlight) this.#send(shard, fact);
    else this.#hold(shard, fact);
  }

  #hold(shard: Shard, fact: Fact): void {
    const kind = kindOf(fact);
    const uid = uidOf(fact);
    if (uid === undefined) {
      this.#open.delete(kind);
      this.#queue.add({ shard, facts: [fact] });
      this.#held += 1;
      return;
    }
    const open = this.#open.get(kind) ?? new Map<string, Entry>();
    this.#open.set(kind, open);
    const key = `${shard}/${uid}`;
    const entry = open.get(key);
    if (entry === undefined) {
      const fresh = { shard, facts: [fact] };
      open.set(key, fresh);
      this.#queue.add(fresh);
      this.#held += 1;
    } else {
      this.#merge(entry, fact);
    }
  }

  #merge(entry: Entry, fact: Fact): void {
    const last = entry.facts.at(-1);
    if (last !== undefined && saysAllOf(fact, last)) {
      entry.facts[entry.facts.length - 1] = fact;
      this.#merged += 1;
    } else {
      entry.facts.push(fact);
      this.#held += 1;
    }
  }

  #send(shard: Shard, fact: Fact): void {
    this.#unstored += 1;
    this.#append(shard, fact).then(
      () => this.#stored(),
      (error: unknown) => this.#broken.reject(error),
    );
  }

  #stored(): void {
    this.#unstored -= 1;
    while (this.#unstored < this.#limits.inFlight) {
      const [entry] = this.#queue;
      if (entry === undefined) break;
      this.#queue.delete(entry);
      const [first] = entry.facts;
      const uid = first === undefined ? undefined : uidOf(first);
      if (first !== undefined && uid !== undefined) {
        const open = this.#open.get(kindOf(first));
        const key = `${entry.shard}/${uid}`;
        if (open?.get(key) === entry) open.delete(key);
      }
      for (const fact of entry.facts) this.#send(entry.shard, fact);
      this.#held -= entry.facts.length;
    }
    this.#wake();
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const woken = this.#waiting;
    this.#waiting = [];
    for (const resolve of woken) resolve();
  }
}

/** Whether nothing worth keeping is lost when `next` stands for `last`. */
export function saysAllOf(next: Fact, last: Fact): boolean {
  if (next.type !== 'observed' || last.type !== 'observed') return false;
  const [before, after] = [last.object, next.object];
  if (before.meta.deletedAt !== after.meta.deletedAt) return false;
  if (replicasOf(before) !== replicasOf(after)) return false;
  // A VMI has no status subresource: its generation rises with each heartbeat, and tells no edit.
  return (
    after.kind === 'VirtualMachineInstance' || before.meta.generation === after.meta.generation
  );
}

function replicasOf(object: Observable): number | undefined {
  return 'replicas' in object ? object.replicas : undefined;
}

function kindOf(fact: Fact): Kind {
  return fact.type === 'observed' ? fact.object.kind : fact.kind;
}

/** Undefined for what must keep its place: brackets and the sightings between them. */
function uidOf(fact: Fact): string | undefined {
  switch (fact.type) {
    case 'observed':
      return fact.survey === undefined ? fact.object.meta.uid : undefined;
    case 'vanished':
      return fact.uid;
    case 'survey-began':
    case 'surveyed':
      return undefined;
    default:
      return unreachable(fact);
  }
}
