import type { Answer, Cluster, RawObject } from '#shared/cluster/cluster.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Hands } from './effects/effect.ts';

const lookEachMs = 250;
/** Well below the time of a lease: whoever stood still for less has not been replaced. */
const longMs = 2_000;

/**
 * Notices when this process stood still: its machine paused, or its event loop was blocked. Meanwhile
 * another executor may have gone on, and what was read before is worth nothing. For a delete the uid and
 * the version say so to the API server; for a create nothing does, and a member that has been made and
 * deleted since would be made again.
 */
export class Vigil implements Disposable {
  readonly #clock: Clock;
  readonly #timer: NodeJS.Timeout;
  #lookedAt: number;
  #pauses = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAt = clock.monotonicMs();
    this.#timer = setInterval(() => this.#look(), lookEachMs);
    this.#timer.unref();
  }

  /** Hands for one attempt. After a pause they write nothing, and answer "unclear": begin anew. */
  guard(hands: Hands): Hands {
    const before = this.#look();
    const isCurrent = (): boolean => this.#look() === before;
    return { ...hands, cluster: guarded(hands.cluster, isCurrent) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** How many pauses there were so far, one that ends just now included. */
  #look(): number {
    const now = this.#clock.monotonicMs();
    if (now - this.#lookedAt > longMs) this.#pauses += 1;
    this.#lookedAt = now;
    return this.#pauses;
  }
}

function guarded(cluster: Cluster, isCurrent: () => boolean): Cluster {
  const unlessPaused = async (
    write: () => Promise<Answer<RawObject>>,
  ): Promise<Answer<RawObject>> => (isCurrent() ? write() : asleep);
  return {
    identity: () => cluster.identity(),
    discover: () => cluster.discover(),
    list: (kind, page) => cluster.list(kind, page),
    watch: (kind, from, signal) => cluster.watch(kind, from, signal),
    read: (object) => cluster.read(object),
    create: (object) => unlessPaused(() => cluster.create(object)),
    patch: (object, patch) => unlessPaused(() => cluster.patch(object, patch)),
    remove: (object, preconditions) => unlessPaused(() => cluster.remove(object, preconditions)),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

const asleep: Answer<RawObject> = {
  ok: false,
  failure: { kind: 'unclear', code: 0, reason: 'StoodStill', doing: 'writing' },
};
