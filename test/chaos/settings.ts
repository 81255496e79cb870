import { randomInt } from 'node:crypto';

/**
 * How hard the drills are, from the environment, so that the same files serve a commit and a long night:
 *
 * ROLLCALL_CHAOS_ROUNDS (1): how often what is random is tried.
 * ROLLCALL_CHAOS_LONG=1: 0 → 200 → 50 instead of 0 → 60 → 15, a minute without the database instead of
 *   ten seconds, a death at every point both on the way out and on the way in, a paused watcher too.
 * ROLLCALL_CHAOS_SEED (another each time, and printed).
 */
export const rounds = Number(process.env['ROLLCALL_CHAOS_ROUNDS'] ?? 1);
export const isLong = process.env['ROLLCALL_CHAOS_LONG'] === '1';
export const seed = process.env['ROLLCALL_CHAOS_SEED'] ?? String(randomInt(1e9));

/** Sizes of the pool that grows and shrinks while its keepers are killed or paused. */
export const [peak, rest] = isLong ? [200, 50] : [60, 15];

/** How long a server is kept away, where the length of it matters. */
export const outageMs = isLong ? 60_000 : 10_000;

/** Told with the result: a run of real processes is not repeated by its seed, but its plan is. */
export function announce(what: string): void {
  process.stdout.write(`    ${what}; ROLLCALL_CHAOS_SEED=${seed}\n`);
}
