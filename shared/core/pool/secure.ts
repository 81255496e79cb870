import type { Pool } from '#shared/contract/objects.ts';
import { perTarget } from '../per-target.ts';
import { waitsUntil } from '../refusals.ts';
import { effectAt, isPending, nothing, type Situation, type Step } from '../situation.ts';
import { hasPoolFinalizer, type PoolMembers } from './members.ts';

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
 * Puts our finalizer on living members that lack it: such as KubeVirt before 1.7 made, or that were handed
 * back once. Without it their disks would go before the book knows of them.
 */
export function secureMembers(situation: Situation<Pool>, members: PoolMembers): Step {
  const { mode } = situation;
  if (mode === 'advise' || !isSecured(situation)) return nothing;
  const { bare } = members;
  if (bare.length === 0) return nothing;
  const because = `${bare.length} members have no finalizer yet`;
  const { commands, wakeAt } = perTarget(situation, {
    verb: 'secure-member',
    targets: bare,
    uidOf: ({ meta }) => meta.uid,
    command: ({ meta: { name, uid } }, effect) => ({
      verb: 'secure-member',
      effect,
      because,
      member: { name, uid },
    }),
  });
  if (commands.length === 0) return { type: 'pass', because, wakeAt };
  return { type: 'act', because, commands, wakeAt };
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
