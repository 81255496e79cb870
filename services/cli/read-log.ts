import { systemClock } from '#shared/process/clock.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import type { CliSettings } from './settings.ts';
import type { LogStanding } from './status.ts';

const patienceMs = 4_000;

/** Asks the broker how long the log is; a broker that does not answer soon is told as not reached. */
export async function readLog(settings: CliSettings): Promise<LogStanding> {
  const { natsUrl, natsMonitorUrl, cluster } = settings;
  if (natsUrl === undefined) return { reached: false, problem: 'no natsUrl in cli.json' };
  const patience = new AbortController();
  const late = systemClock
    .sleep(patienceMs, patience.signal)
    .then((): LogStanding => ({ reached: false, problem: 'the broker does not answer' }));
  late.catch(() => undefined);
  const asked = ask({ url: natsUrl, monitorUrl: natsMonitorUrl, cluster, allowLazySync: true });
  try {
    return await Promise.race([asked, late]);
  } finally {
    patience.abort();
  }
}

/** Nothing is written, so it does not matter here how the broker syncs. */
async function ask(settings: Parameters<typeof openNatsLog>[0]): Promise<LogStanding> {
  try {
    await using log = await openNatsLog(settings, silentLogger());
    return { reached: true, lineage: log.identity.lineage, bounds: await log.bounds() };
  } catch (error) {
    return { reached: false, problem: error instanceof Error ? firstLine(error) : 'unknown' };
  }
}

function firstLine(error: Error): string {
  return error.message.split('\n')[0] ?? '';
}
