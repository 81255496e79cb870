import type { ServerInfo } from 'nats';
import { isRecord } from '#shared/lib/canonical.ts';
import type { Logger } from '#shared/process/logger.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import type { StreamSettings } from './settings.ts';

const monitorWithinMs = 5_000;

/**
 * Refuses a broker that would lose acknowledged records in a power cut: JetStream syncs every two
 * minutes unless it is told `sync_interval: always`, which only its monitoring endpoint shows
 * (`/varz`, jetstream.config.sync_always). Killing processes does not reveal the difference.
 */
export async function attestDurability(
  settings: StreamSettings,
  server: Pick<ServerInfo, 'version' | 'server_id' | 'cluster'> | undefined,
  log: Logger,
): Promise<void> {
  const version = server?.version ?? '0';
  if (!isAtLeast210(version)) {
    throw new RefusalError(`NATS ${version} is too old: Rollcall needs 2.10 or newer`);
  }
  if (settings.allowLazySync) {
    log.warn('NATS may lose the newest records in a power cut: ROLLCALL_ALLOW_LAZY_SYNC is set');
    return;
  }
  if (settings.monitorUrl === undefined) {
    throw new RefusalError(
      'whether NATS syncs each write cannot be told: set NATS_MONITOR_URL, or ROLLCALL_ALLOW_LAZY_SYNC=1 to accept losses in a power cut',
    );
  }
  const monitored = await readMonitor(settings.monitorUrl);
  if (server?.cluster === undefined && monitored.serverId !== server?.server_id) {
    throw new RefusalError('NATS_MONITOR_URL and NATS_URL lead to two different servers');
  }
  if (!monitored.syncAlways) {
    throw new RefusalError(
      'NATS does not sync each write: set sync_interval: always in its jetstream block, or ROLLCALL_ALLOW_LAZY_SYNC=1 to accept losses in a power cut',
    );
  }
}

function isAtLeast210(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 10);
}

type Monitored = { readonly serverId: unknown; readonly syncAlways: boolean };

async function readMonitor(monitorUrl: string): Promise<Monitored> {
  const url = new URL('/varz', monitorUrl);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(monitorWithinMs) });
    const body: unknown = await response.json();
    return { serverId: at(body, 'server_id'), syncAlways: syncAlways(body) };
  } catch (error) {
    throw new RefusalError(`the NATS monitor at ${url.host} does not answer`, { cause: error });
  }
}

function syncAlways(varz: unknown): boolean {
  return at(at(at(varz, 'jetstream'), 'config'), 'sync_always') === true;
}

function at(value: unknown, field: string): unknown {
  return isRecord(value) ? value[field] : undefined;
}
