/**
 * The world is away: a broker, a database, an API server. The message says what was being done, the
 * cause says what came back; the loop that asked waits and asks again.
 */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}
