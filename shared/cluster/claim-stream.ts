import { uid } from '#shared/contract/ids.ts';
import type { Uid } from '#shared/contract/ids.ts';
import { backoffMs } from '#shared/process/backoff.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import type { Positions } from '#shared/stream/position.ts';
import type { Cluster } from './cluster.ts';

/** Key beside the readers' positions, under which a stream remembers whose it is. */
const streamOwner = 'cluster';

const backoff = { firstMs: 500, mostMs: 10_000 };
const waiting = { firstMs: 50, mostMs: 2_000 };

export type ClaimParts = {
  readonly cluster: Pick<Cluster, 'identity'>;
  readonly positions: Positions;
  readonly clock: Clock;
  readonly log: Logger;
};

/**
 * The id of the cluster, once it is certain that the stream belongs to it; a stream that belongs to
 * nobody yet is claimed. Facts of two clusters in one stream would read as each other's deletions, so
 * another cluster's stream is a RefusalError. Waits for an API server that does not answer yet.
 */
export async function claimStream(parts: ClaimParts, signal: AbortSignal): Promise<Uid> {
  const { positions } = parts;
  const clusterId = await identify(parts, signal);
  const owner = await positions.load(streamOwner);
  if (owner === undefined) {
    await positions.save(streamOwner, { lineage: clusterId, sequence: 0 });
  } else if (owner.lineage !== clusterId) {
    throw new RefusalError(
      `the stream holds the facts of the cluster ${owner.lineage}, but the kubeconfig leads to ${clusterId}; give each cluster a stream of its own (ROLLCALL_CLUSTER)`,
    );
  }
  return clusterId;
}

/**
 * The id of the cluster whose facts a stream holds, for those who only add to them. Waits until somebody
 * has claimed the stream.
 */
export async function ownerOfStream(
  { positions, clock, log }: Omit<ClaimParts, 'cluster'>,
  signal: AbortSignal,
): Promise<Uid> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const owner = await positions.load(streamOwner);
    if (owner !== undefined) return uid(owner.lineage);
    if (attempt === 1) log.info('waiting until a watcher has claimed the stream');
    await clock.sleep(backoffMs(waiting, attempt, Math.random()), signal);
  }
}

async function identify({ cluster, clock, log }: ClaimParts, signal: AbortSignal): Promise<Uid> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const answer = await cluster.identity();
    if (answer.ok) return answer.value;
    log.warn({ failure: answer.failure, attempt }, 'the cluster does not tell its identity yet');
    await clock.sleep(backoffMs(backoff, attempt, Math.random()), signal);
  }
}
