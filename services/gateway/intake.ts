import type { Uid } from '#shared/contract/ids.ts';
import type { Attributed } from '#shared/contract/records.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Log } from '#shared/stream/log.ts';
import type { LogCondition } from '#shared/stream/condition.ts';
import { shardOf } from '#shared/stream/shards.ts';

export type IntakeParts = {
  readonly log: Pick<Log, 'append'> & { condition(): LogCondition };
  readonly clusterId: Uid;
  readonly clock: Clock;
  /** Most records handed to the broker and not yet stored. */
  readonly mostInFlight: number;
  /** How long a delivery waits to be stored before its sender is told to come again. */
  readonly patienceMs: number;
};

export type Taken =
  | 'stored'
  /** Too much is under way: the sender should come again. */
  | 'busy'
  /** The log takes no records now, or not in time; those under way may be stored all the same. */
  | 'refused';

/** The way from outside into the log: whatever it says is stored has been acknowledged by the broker. */
export class Intake {
  readonly #parts: IntakeParts;
  #inFlight = 0;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Stores all records, each in the shard of its namespace, or tells why the sender has to repeat. */
  async take(records: readonly Attributed[]): Promise<Taken> {
    const { log, mostInFlight } = this.#parts;
    if (records.length === 0) return 'stored';
    if (log.condition().strain !== undefined) return 'refused';
    // A delivery larger than the limit passes when nothing else is under way: it would never fit.
    if (this.#inFlight > 0 && this.#inFlight + records.length > mostInFlight) return 'busy';
    return this.#storeInTime(records);
  }

  async #storeInTime(records: readonly Attributed[]): Promise<Taken> {
    const { clock, patienceMs } = this.#parts;
    const stored = Promise.all(records.map((record) => this.#store(record)));
    const patience = new AbortController();
    const late = clock.sleep(patienceMs, patience.signal).then((): Taken => 'refused');
    late.catch(() => undefined);
    try {
      return await Promise.race([stored.then((): Taken => 'stored'), late]);
    } finally {
      patience.abort();
      // Whoever gave up on it has told the sender so.
      stored.catch(() => undefined);
    }
  }

  async #store(record: Attributed): Promise<void> {
    const { log, clusterId } = this.#parts;
    this.#inFlight += 1;
    try {
      await log.append(shardOf(clusterId, record.object.namespace), 'intake', record);
    } finally {
      this.#inFlight -= 1;
    }
  }
}
