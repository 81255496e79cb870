import { costOf } from '../load/process-costs.ts';
import type { Cost } from '../load/process-costs.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import type { Row } from './rows.ts';

/** What each running process has cost so far, by name. */
export async function costsOf(rollcall: Rollcall): Promise<ReadonlyMap<string, Cost>> {
  const costs = new Map<string, Cost>();
  for (const [name, pid] of rollcall.pids()) {
    const cost = await costOf(pid);
    if (cost !== undefined) costs.set(name, cost);
  }
  return costs;
}

/** CPU seconds since `before`, and the most memory since each process began. */
export async function costRows(
  rollcall: Rollcall,
  before: ReadonlyMap<string, Cost>,
): Promise<readonly Row[]> {
  const after = await costsOf(rollcall);
  return [...after].map(([name, cost]) => {
    const cpu = cost.cpuSeconds - (before.get(name)?.cpuSeconds ?? 0);
    const peak = cost.peakMemory / 1024 / 1024;
    return {
      what: `  ${name}: CPU seconds, peak memory`,
      value: `${cpu.toFixed(2)} s, ${peak.toFixed(0)} MB`,
    };
  });
}
