/** What a recorder knows of itself, for whoever asks how it is. */
export class Standing {
  /** Sequence up to which the log stands in the book; undefined while another recorder writes it. */
  sequence: number | undefined;
  /** Log time of that message, milliseconds since 1970. */
  at: number | undefined;
  /** The database cannot be written. */
  isAway = false;

  /** What is wrong with the book, given the end of the log. */
  trouble(last: number, mostBehind: number): string | undefined {
    if (this.isAway) return 'the database is away';
    if (this.sequence === undefined) return undefined;
    const behind = last - this.sequence;
    return behind > mostBehind ? `the book is ${behind} messages behind the log` : undefined;
  }
}
