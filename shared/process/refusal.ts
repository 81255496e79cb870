/**
 * The surroundings are not fit to run in, and a restart alone would not help: a broker that does not
 * sync, a stream that was never made. The message is one sentence for the person who can mend it.
 */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
}
