import { isRecord } from '#shared/lib/canonical.ts';
import type { Cluster } from '#shared/cluster/cluster.ts';
import { lossOf } from '#shared/core/admission/loss.ts';
import type { Loss } from '#shared/core/admission/loss.ts';
import { lossWarnings } from '#shared/core/admission/loss-warnings.ts';
import type { MachineAtRisk } from '#shared/core/admission/loss-warnings.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import { askDisksOfMembers } from '#shared/store/ask-disks-of-members.ts';
import type { Store } from '#shared/store/open-store.ts';
import type { MemberDiskRow } from '#shared/store/tables.ts';
import type { Review } from './review.ts';

export type Foresight = {
  readonly db: Store['db'];
  /** Reads the pool behind a Scale; without the right to, the warning says less. */
  readonly cluster: Pick<Cluster, 'read'>;
  readonly kubevirtControllers: 'running' | 'off';
  readonly clock: Clock;
  readonly log: Logger;
};

/** Whoever waits for kubectl gets a warning that says less rather than a late one. */
const patienceMs = 2_000;

/**
 * Warnings about the disks that a write of a pool costs. Nothing is written on the way, so a dry run needs
 * no other path, and what cannot be found out is left open in words.
 */
export async function foreseenLoss(
  foresight: Foresight,
  review: Review,
): Promise<readonly string[]> {
  const { kubevirtControllers } = foresight;
  const isScale = review.subresource === 'scale';
  const of = isScale ? 'scale' : 'pool';
  const about = (pool: unknown): Loss => lossOf({ ...review, of, pool, kubevirtControllers });
  const first = about(isScale ? undefined : review.object);
  if (first.type === 'none') return [];
  const uid = uidOf(review.oldObject);
  const [pool, machines] = await Promise.all([
    isScale ? inTime(foresight, 'the pool', readPool(foresight, review, uid)) : undefined,
    // Who asks must know the uid, which tells that he may see the pool: names alone find nothing.
    uid === undefined
      ? undefined
      : inTime(foresight, 'the book', askDisksOfMembers(foresight.db, uid).then(machinesIn)),
  ]);
  const loss = isScale ? about(pool) : first;
  return lossWarnings(loss, { machines, kubevirtControllers });
}

async function readPool(
  { cluster }: Foresight,
  { namespace, name }: Review,
  uid: string | undefined,
): Promise<unknown> {
  const answer = await cluster.read({ kind: 'VirtualMachinePool', namespace, name });
  return answer.ok && answer.value.metadata?.uid === uid ? answer.value : undefined;
}

async function inTime<Value>(
  { clock, log }: Foresight,
  asked: string,
  reading: Promise<Value>,
): Promise<Value | undefined> {
  const waiting = new AbortController();
  const late = clock.sleep(patienceMs, waiting.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([reading, late]);
  } catch (error) {
    log.warn({ err: error, asked }, 'a warning says less than it could');
    return undefined;
  } finally {
    waiting.abort();
  }
}

/** Rows come by machine, and each names one disk of it. */
function machinesIn(
  rows: readonly MemberDiskRow[] | undefined,
): readonly MachineAtRisk[] | undefined {
  if (rows === undefined) return undefined;
  const byName = Map.groupBy(rows, (row) => row.member);
  return [...byName].map(([name, own]) => ({
    name,
    ordinal: own[0]?.ordinal ?? undefined,
    createdAtMs: own[0]?.created_at.getTime() ?? 0,
    disks: own.flatMap(({ disk, size }) =>
      disk === null ? [] : [{ name: disk, size: size ?? undefined }],
    ),
  }));
}

function uidOf(object: unknown): string | undefined {
  const metadata = isRecord(object) ? object['metadata'] : undefined;
  const uid = isRecord(metadata) ? metadata['uid'] : undefined;
  return typeof uid === 'string' && uid !== '' ? uid : undefined;
}
