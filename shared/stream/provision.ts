import type { JetStreamManager } from 'nats';
import type { Logger } from '#shared/process/logger.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import { attestDurability } from './durability.ts';
import { openLink } from './link.ts';
import type { StreamSettings } from './settings.ts';
import { wantedStreams } from './stream-config.ts';
import type { WantedStream } from './stream-config.ts';
import { differences, streamInfo, verifyStream } from './verify.ts';

/** Makes the cluster's stream and the buckets, or brings them to what is wanted. Safe to repeat. */
export async function provision(settings: StreamSettings, log: Logger): Promise<void> {
  await using link = await openLink(settings, log);
  await attestDurability(settings, link.connection.info, log);
  const manager = await link.connection.jetstreamManager();
  const extent = { bytes: settings.logBytes, replicas: settings.logReplicas };
  for (const wanted of wantedStreams(settings.cluster, extent)) {
    log.info({ stream: wanted.name, change: await settle(manager, wanted) }, 'provisioned');
    await verifyStream(manager, wanted);
  }
}

async function settle(
  manager: JetStreamManager,
  wanted: WantedStream,
): Promise<'made' | 'changed' | 'unchanged'> {
  const info = await streamInfo(manager, wanted.name);
  try {
    if (info === undefined) {
      await manager.streams.add(wanted);
      return 'made';
    }
    if (differences(wanted, info.config).length === 0) return 'unchanged';
    await manager.streams.update(wanted.name, wanted);
    return 'changed';
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new RefusalError(`NATS does not take the stream ${wanted.name}: ${problem}`, {
      cause: error,
    });
  }
}
