import { isRecord } from '#shared/lib/canonical.ts';

/** SQLSTATE classes, and single states, of a server that is away, full, or asks to try again. */
const passing = [
  /** connection failures */
  '08',
  /** out of disk, memory or sessions */
  '53',
  /** shutting down, starting, crashed */
  '57P',
  /** serialization failure, deadlock */
  '40',
  /** I/O error below the database */
  '58',
  /** a standby that has not been promoted yet */
  '25006',
] as const;

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);

/** Whether to try again later could help. The driver's own failures carry no code, only a text. */
export function isAway(error: unknown): boolean {
  if (!isRecord(error)) return false;
  const { code, message } = error;
  if (typeof code === 'string') {
    return networkCodes.has(code) || passing.some((state) => code.startsWith(state));
  }
  if (typeof message !== 'string') return false;
  return /connection terminated|timeout exceeded when trying to connect|not queryable/i.test(
    message,
  );
}

/** The database is there, but nobody has made the book in it. */
export function lacksBook(error: unknown): boolean {
  return isRecord(error) && (error['code'] === '42P01' || error['code'] === '3F000');
}
