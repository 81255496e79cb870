import type { Pool } from '#shared/contract/objects.ts';
import { waitsUntil } from '../refusals.ts';
import { effectAt, isPending, nothing, type Situation, type Step } from '../situation.ts';
import { hasPoolFinalizer } from './members.ts';

/** Puts our finalizer on the pool, so that its deletion waits until its members have been let go. */
export function secure(situation: Situation<Pool>): Step {
  const { set, view, memory, moment, mode } = situation;
  // In advise nothing is ever applied, so this advice would stand before every other one.
  if (mode === 'advise' || hasPoolFinalizer(set)) return nothing;
  const because = 'the pool has no finalizer yet';
  if (isPending(situation, 'secure-set')) return { type: 'pass', because };
  const wakeAt = waitsUntil(view, memory, { class: 'secure', now: moment.now });
  if (wakeAt !== undefined) return { type: 'pass', because, wakeAt };
  const effect = effectAt(situation, 0);
  return { type: 'act', because, commands: [{ verb: 'secure-set', effect, because }] };
}

/**
 * Whether members may be made: those of a pool that vanishes without its finalizer would keep theirs,
 * and nobody would ever remove them.
 */
export function isSecured({ set, mode, pending }: Situation<Pool>): boolean {
  if (mode === 'advise' || hasPoolFinalizer(set)) return true;
  return pending.some(
    ({ command, outcome }) => command.verb === 'secure-set' && outcome !== undefined,
  );
}
