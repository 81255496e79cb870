import { expect, test } from 'vitest';
import { effectId, uid } from '#shared/contract/ids.ts';
import { Meters } from '#shared/process/metrics.ts';
import { createReconcilerMetrics } from './metrics.ts';
import { Stopwatch } from './stopwatch.ts';

const set = uid('set');
const effect = effectId('0a1b2c3d', { epoch: 1, plan: 1 }, 0);
const plan = { commands: [{ effect }], mode: 'manage' } as const;
const outcome = { effect, verb: 'create-vm', outcome: 'applied' } as const;
const fact = (at: number, trace?: string) => ({ at, isFact: true, trace });

function aStopwatch() {
  const meters = new Meters('reconciler');
  const stopwatch = new Stopwatch(createReconcilerMetrics(meters));
  const sums = async () => {
    const { body } = await meters.answer();
    const sumOf = (name: string): number | undefined => {
      const value = new RegExp(`^${name}_sum\\{.*\\} (\\S+)$`, 'm').exec(body)?.[1];
      return value === undefined ? undefined : Number(value);
    };
    return [
      sumOf('rollcall_fact_to_decision_seconds'),
      sumOf('rollcall_decision_to_effect_seconds'),
      sumOf('rollcall_fact_to_effect_seconds'),
    ];
  };
  return { stopwatch, sums };
}

test('the time of a decision counts from the first fact that was not decided on', async () => {
  const { stopwatch, sums } = aStopwatch();
  stopwatch.touched(set, fact(1_000));
  stopwatch.touched(set, fact(1_500));
  stopwatch.decided(plan, stopwatch.take(set), 2_000);
  stopwatch.settled(outcome, 2_250);
  expect(await sums()).toEqual([1, 0.25, 1.25]);
  // A second outcome of the same effect tells nothing.
  stopwatch.settled(outcome, 9_000);
  expect(await sums()).toEqual([1, 0.25, 1.25]);
});

test('a decision that no fact has led to is not measured, but its effects are', async () => {
  const { stopwatch, sums } = aStopwatch();
  stopwatch.touched(set, { at: 1_000, isFact: false, trace: undefined });
  stopwatch.decided(plan, stopwatch.take(set), 2_000);
  stopwatch.settled(outcome, 2_500);
  expect(await sums()).toEqual([0, 0.5, 0]);
});

test('what comes to nothing is not measured as an effect', async () => {
  const { stopwatch, sums } = aStopwatch();
  stopwatch.decided(plan, stopwatch.take(set), 2_000);
  stopwatch.settled({ ...outcome, outcome: 'stale' }, 2_500);
  expect((await sums())[1]).toBeUndefined();
});

test('the traces of all that has come about a set are handed over once', () => {
  const { stopwatch } = aStopwatch();
  stopwatch.touched(set, fact(1_000, 'first'));
  stopwatch.touched(set, { at: 1_100, isFact: false, trace: 'second' });
  expect(stopwatch.take(set)).toEqual({ at: 1_000, traces: ['first', 'second'] });
  expect(stopwatch.take(set)).toEqual({ traces: [] });
});
