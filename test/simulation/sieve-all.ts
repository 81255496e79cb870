import { differences, interferences, sieve } from './sieve-runs.ts';
import type { ReferenceRun } from './sieve-runs.ts';

export type SieveOptions = {
  /** Takes every so many of the plans. */
  readonly stride: number;
  readonly onPlan?: (done: number, plans: number) => void;
};

/** Disturbs a run in every way; the undisturbed one failing is a failure, too. */
export async function sieveAll(
  run: ReferenceRun,
  { stride, onPlan }: SieveOptions,
): Promise<{ readonly plans: number; readonly failures: readonly string[] }> {
  const reference = await sieve(run);
  const failures = [...reference.violations];
  const plans = interferences(reference.report).filter((_, at) => at % stride === 0);
  for (const [at, plan] of plans.entries()) {
    const found = differences(reference, await sieve(run, plan));
    if (found.length > 0) failures.push(`${JSON.stringify(plan)}: ${found.join('; ')}`);
    onPlan?.(at + 1, plans.length);
  }
  return { plans: plans.length, failures };
}
