import type { KV, StoredMsg, StreamInfo } from 'nats';
import type { Logger } from '#shared/process/logger.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import { storedMessage } from './ask.ts';
import { ConditionKeeper } from './condition.ts';
import { attestDurability } from './durability.ts';
import { identify } from './lineage.ts';
import { openLink } from './link.ts';
import type { Bounds } from './log.ts';
import { createPositions } from './nats-positions.ts';
import type { Positions } from './position.ts';
import type { StreamSettings } from './settings.ts';
import { buckets, bucketStream, streamName } from './subjects.ts';
import { streamInfo } from './verify.ts';

/** Who holds a lease, and when it was renewed last by the clock of the broker. */
export type LeaseHolder = { readonly holder: string; readonly renewedAt: number };

export type LogReport = {
  readonly lineage: string;
  readonly bounds: Bounds;
  /** Bytes now, and most; 0 when only the broker's disk is a limit. */
  readonly bytes: number;
  readonly mostBytes: number;
  /** How much of its limits is used, 0 … 1. */
  readonly share: number;
  /** Why acknowledged records may be lost in a power cut, in words; undefined when they may not. */
  readonly lazy: string | undefined;
  /** By name of the lease; free ones are missing. */
  readonly holders: ReadonlyMap<string, LeaseHolder>;
};

/** The log as somebody sees it who has no part in it: it is neither read nor written. */
export interface LogObserver extends AsyncDisposable {
  report(leases: readonly string[]): Promise<LogReport>;
  readonly positions: Positions;
}

/**
 * Opens the log to look at it. Needs only the right to ask for the stream's size and to read two buckets,
 * and does not insist on a broker that is fit for services. Throws RefusalError when there is no log.
 */
export async function observeLog(settings: StreamSettings, log: Logger): Promise<LogObserver> {
  const link = await openLink(settings, log);
  try {
    const manager = await link.connection.jetstreamManager({ checkAPI: false });
    const bucket: KV = await link.connection
      .jetstream()
      .views.kv(buckets.positions, { bindOnly: true });
    const leaseOf = (name: string): Promise<StoredMsg | undefined> =>
      storedMessage(manager, bucketStream(buckets.leases), {
        last_by_subj: `$KV.${buckets.leases}.${name}`,
      });
    return {
      positions: createPositions(link, bucket),
      async report(leases) {
        const name = streamName(settings.cluster);
        const info = await streamInfo(manager, name);
        if (info === undefined) {
          throw new RefusalError(`the stream ${name} is not there; run the provision step first`);
        }
        const [lazy, ...entries] = await Promise.all([
          lazinessOf(() => attestDurability(settings, link.connection.info, log)),
          ...leases.map(async (lease) => [lease, holderIn(await leaseOf(lease))] as const),
        ]);
        const held = entries.flatMap(([lease, holder]) =>
          holder === undefined ? [] : [[lease, holder] as const],
        );
        return { ...sizeIn(info, name), lazy, holders: new Map(held) };
      },
      [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
    };
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
}

function sizeIn(
  { config, state, created }: StreamInfo,
  name: string,
): Omit<LogReport, 'lazy' | 'holders'> {
  const keeper = new ConditionKeeper(() => 0);
  keeper.measured({
    last: state.last_seq,
    bytes: state.bytes,
    mostBytes: config.max_bytes,
    messages: state.messages,
    mostMessages: config.max_msgs,
  });
  return {
    lineage: identify(name, created).lineage,
    bounds: { first: Math.max(1, state.first_seq), last: state.last_seq },
    bytes: state.bytes,
    mostBytes: Math.max(0, config.max_bytes),
    share: keeper.condition.share,
  };
}

/** A lease that was given back leaves a mark of that. */
function holderIn(entry: StoredMsg | undefined): LeaseHolder | undefined {
  if (entry === undefined || entry.header.get('KV-Operation') !== '') return undefined;
  return { holder: entry.string(), renewedAt: entry.time.getTime() };
}

async function lazinessOf(attest: () => Promise<void>): Promise<string | undefined> {
  try {
    await attest();
    return undefined;
  } catch (error) {
    if (error instanceof RefusalError) return error.message;
    throw error;
  }
}
