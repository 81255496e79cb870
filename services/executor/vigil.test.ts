import { expect, test, vi } from 'vitest';
import type { Clock } from '#shared/process/clock.ts';
import type { Hands } from './effects/effect.ts';
import { Vigil } from './vigil.ts';

let nowMs = 0;
const clock: Clock = {
  monotonicMs: () => nowMs,
  wallMs: () => nowMs,
  sleep: () => Promise.resolve(),
};

/** Hands that count what reaches the cluster. */
function countingHands() {
  const done = vi.fn(async () => ({ ok: true, value: {} }) as const);
  const cluster = {
    identity: vi.fn(),
    discover: vi.fn(),
    list: vi.fn(),
    watch: vi.fn(),
    read: done,
    create: done,
    patch: done,
    remove: done,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const policy = { mode: 'manage', kubevirtControllers: 'off' } as const;
  const unseen = async () => ({ type: 'unseen', result: { again: true } }) as const;
  const digestOf = vi.fn();
  const hands: Hands = { cluster, policy, digestOf, readSetNow: unseen, readSetForPlan: unseen };
  return { done, hands };
}

test('an attempt that began before the process stood still writes nothing any more', async () => {
  const { done, hands } = countingHands();
  using vigil = new Vigil(clock);
  const { cluster } = vigil.guard(hands);
  nowMs += 6_000;
  expect(await cluster.create({})).toMatchObject({
    ok: false,
    failure: { kind: 'unclear', reason: 'StoodStill' },
  });
  expect(done).not.toHaveBeenCalled();
});

test('the attempt after it may write, and so may one that only waited for slow answers', async () => {
  const { done, hands } = countingHands();
  using vigil = new Vigil(clock);
  vigil.guard(hands);
  nowMs += 6_000;
  const { cluster } = vigil.guard(hands);
  // The process is awake all the while, as each of these looks tells.
  for (let look = 0; look < 10; look += 1) {
    nowMs += 1_000;
    vigil.guard(hands);
  }
  expect(await cluster.create({})).toEqual({ ok: true, value: {} });
  expect(done).toHaveBeenCalledOnce();
});
