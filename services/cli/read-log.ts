import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { observeLog } from '#shared/stream/observe-log.ts';
import type { LogObserver } from '#shared/stream/observe-log.ts';
import { openRewind } from '#shared/stream/rewind.ts';
import { toldPolicy } from '#shared/stream/told-policy.ts';
import { unavailableError } from './failure.ts';
import { leaseNames } from './lease-rows.ts';
import type { CliSettings } from './settings.ts';
import type { LogStanding } from './status.ts';

const patienceMs = 4_000;

/** Asks the broker how the log is; a broker that does not answer soon is told as not reached. */
export async function readLog(settings: CliSettings): Promise<LogStanding> {
  const patience = new AbortController();
  const late = systemClock
    .sleep(patienceMs, patience.signal)
    .then((): LogStanding => ({ reached: false, problem: 'the broker does not answer' }));
  late.catch(() => undefined);
  try {
    return await Promise.race([ask(settings), late]);
  } finally {
    patience.abort();
  }
}

async function ask(settings: CliSettings): Promise<LogStanding> {
  try {
    await using observer = await openObserver(settings);
    const [report, settled, rewind, policy] = await Promise.all([
      observer.report(leaseNames),
      observer.positions.load('executor'),
      openRewind(observer.positions),
      toldPolicy(observer.positions),
    ]);
    const { lineage, bounds, ...rest } = report;
    const broker = { ...rest, settledUpTo: settled?.sequence, openRewind: rewind, policy };
    return { reached: true, lineage, bounds, broker };
  } catch (error) {
    return { reached: false, problem: error instanceof Error ? firstLine(error) : 'unknown' };
  }
}

/** The log, to look at it. Ends the command with a sentence when nobody has said where it is. */
export async function openObserver(settings: CliSettings): Promise<LogObserver> {
  const { natsUrl, natsMonitorUrl, cluster } = settings;
  if (natsUrl === undefined) throw unavailableError('no natsUrl in cli.json');
  const stream = { url: natsUrl, monitorUrl: natsMonitorUrl, cluster, allowLazySync: false };
  return await observeLog(stream, silentLogger());
}

function firstLine(error: Error): string {
  return error.message.split('\n')[0] ?? '';
}
