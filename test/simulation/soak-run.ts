import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isRecord } from '#shared/lib/canonical.ts';
import { addCounts } from './coverage.ts';
import type { SeedResult } from './soak-worker.ts';

export type SoakOptions = {
  readonly from: number;
  readonly seeds: number;
  readonly workers: number;
  readonly onSeed?: (result: SeedResult, totals: Totals) => void;
};

export type Totals = {
  seeds: number;
  steps: number;
  faults: number;
  violations: number;
  readonly counts: Map<string, number>;
  readonly failures: SeedResult[];
};

/** Runs seeds on several processes; a worker asks for the next as soon as it has told the last. */
export async function soak({ from, seeds, workers, onSeed }: SoakOptions): Promise<Totals> {
  const counts = new Map<string, number>();
  const totals: Totals = { seeds: 0, steps: 0, faults: 0, violations: 0, counts, failures: [] };
  let next = from;
  const take = (result: SeedResult): void => {
    totals.seeds += 1;
    totals.steps += result.steps;
    totals.faults += result.faults;
    totals.violations += result.violations;
    addCounts(counts, result.counts);
    if (result.violations > 0) totals.failures.push(result);
    onSeed?.(result, totals);
  };
  const nextSeed = (): number | undefined => {
    next += 1;
    return next <= from + seeds ? next - 1 : undefined;
  };
  await Promise.all(
    Array.from({ length: Math.min(workers, seeds) }, () => runWorker(nextSeed, take)),
  );
  return totals;
}

const workerFile = fileURLToPath(new URL('soak-worker.ts', import.meta.url));

function runWorker(
  nextSeed: () => number | undefined,
  take: (result: SeedResult) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(workerFile, {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    let running: number | undefined;
    child.on('message', (message) => {
      if (isResult(message)) take(message);
      running = nextSeed();
      if (running === undefined) child.disconnect();
      else child.send(running);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (running === undefined) resolve();
      else reject(new Error(`the process of seed ${running} ended with ${code}`));
    });
  });
}

function isResult(message: unknown): message is SeedResult {
  return isRecord(message) && typeof message['seed'] === 'number';
}
