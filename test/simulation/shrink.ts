import type { FaultName } from './faults.ts';
import { simulate } from './simulate.ts';
import type { Report, SimulationOptions } from './options.ts';

export type Search = {
  readonly failed: Report;
  /** Runs that the search may take, 120 when absent; one takes some tenths of a second. */
  readonly mostRuns?: number;
};

/** The shortest history found that still breaks the same invariant. */
export async function shrink(
  options: SimulationOptions,
  { failed, mostRuns = 120 }: Search,
): Promise<Report> {
  const invariants = new Set(failed.violations.map(invariantOf));
  let best = failed;
  let without: ReadonlySet<FaultName> = new Set(options.without);
  let undone: ReadonlySet<number> = new Set(options.undone);
  let runs = 0;

  async function still(attempt: SimulationOptions): Promise<boolean> {
    runs += 1;
    const report = await simulate(attempt);
    if (!report.violations.some((text) => invariants.has(invariantOf(text)))) return false;
    best = report;
    return true;
  }

  for (const fault of failed.faults) {
    if (runs >= mostRuns) return best;
    const fewer = new Set([...without, fault]);
    if (await still({ ...options, without: fewer, undone })) without = fewer;
  }
  for (let size = Math.ceil(failed.deeds / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < failed.deeds; from += size) {
      if (runs >= mostRuns) return best;
      const fewer = new Set(undone);
      for (let at = from; at < Math.min(from + size, failed.deeds); at += 1) fewer.add(at);
      if (fewer.size === undone.size) continue;
      if (await still({ ...options, without, undone: fewer })) undone = fewer;
    }
  }
  return best;
}

function invariantOf(violation: string): string {
  return violation.split(':', 1)[0] ?? '';
}

/** For people: how to run it again, what broke, and everything that led to it. */
export function failureText(report: Report): string {
  return [
    `seed ${report.seed} fails (npm run soak -- --seeds 1 --from ${report.seed}):`,
    ...report.violations.map((violation) => `  ${violation}`),
    `faults that it takes: ${report.faults.join(', ') || 'none'}`,
    'history:',
    ...report.history.slice(-400),
  ].join('\n');
}
