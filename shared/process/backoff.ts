export type Backoff = {
  readonly firstMs: number;
  readonly mostMs: number;
};

/**
 * How long to wait before attempt number `attempt` (from 1): doubles each time up to the most, of which
 * a random half is taken, so that many who failed together do not come back together. `random` is in
 * [0, 1).
 */
export function backoffMs(backoff: Backoff, attempt: number, random: number): number {
  const full = Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (full / 2) * random;
}
