/** How the log is, as one process saw it last. */
export type LogCondition = {
  /** Sequence of the newest message. */
  readonly last: number;
  /** How much of its limits is used, 0 … 1; 0 where it has none. */
  readonly share: number;
  /**
   * Why nothing may be destroyed now, in words: what would be written down about it might find no room.
   * Absent when all is well.
   */
  readonly strain?: string;
};

/** What the broker says of a stream. A limit below one is none. */
export type Fill = {
  readonly last: number;
  readonly bytes: number;
  readonly mostBytes: number;
  readonly messages: number;
  readonly mostMessages: number;
};

/** Whoever has a record that was refused repeats it sooner than this. */
const refusalStandsMs = 10_000;

/** From this share of its limits on the log counts as nearly full. */
const nearlyFull = 0.8;

/** Keeps the condition of the log from what the broker says, asked or not. */
export class ConditionKeeper {
  #last = 0;
  #share = 0;
  #refusal: { readonly problem: string; readonly at: number } | undefined;
  readonly #now: () => number;

  /** `now` in milliseconds that only grow. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get condition(): LogCondition {
    const strain = this.#strain();
    return { last: this.#last, share: this.#share, ...(strain !== undefined && { strain }) };
  }

  /** The broker was asked. */
  measured(fill: Fill): void {
    const shareOf = (used: number, most: number): number => (most > 0 ? used / most : 0);
    this.#last = fill.last;
    this.#share = Math.max(
      shareOf(fill.bytes, fill.mostBytes),
      shareOf(fill.messages, fill.mostMessages),
    );
  }

  /** A record was not stored, as far as is known. */
  refused(problem: string): void {
    this.#refusal = { problem, at: this.#now() };
  }

  stored(): void {
    this.#refusal = undefined;
  }

  #strain(): string | undefined {
    if (this.#refusal !== undefined && this.#now() - this.#refusal.at < refusalStandsMs) {
      return `the log takes no records: ${this.#refusal.problem}`;
    }
    if (this.#share < nearlyFull) return undefined;
    return `the log is ${Math.floor(this.#share * 100)} % full`;
  }
}
