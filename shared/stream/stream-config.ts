import { DiscardPolicy, nanos, RetentionPolicy, StorageType } from 'nats';
import type { StreamConfig } from 'nats';
import {
  buckets,
  bucketStream,
  bucketSubjects,
  snapshotBucketSubjects,
  snapshotStream,
  streamName,
  streamSubjects,
} from './subjects.ts';
import type { Bucket } from './subjects.ts';

/** The fields of a stream that we rely on, and that a broker is asked to prove it has taken. */
export type WantedStream = Pick<
  StreamConfig,
  | 'name'
  | 'subjects'
  | 'storage'
  | 'retention'
  | 'discard'
  | 'max_age'
  | 'max_msgs_per_subject'
  | 'max_msg_size'
  | 'deny_delete'
  | 'deny_purge'
  | 'allow_direct'
  | 'allow_rollup_hdrs'
  | 'duplicate_window'
> &
  Partial<Pick<StreamConfig, 'max_bytes' | 'num_replicas'>>;

const day = 24 * 60 * 60 * 1_000;

/** A lease that is not renewed for this long is free. */
export const leaseMs = 4_000;

const shared = {
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.New,
  allow_direct: true,
  deny_delete: true,
} as const;

/**
 * The cluster's log: written once, never taken back, kept for 14 days. It refuses what is over its limit
 * of bytes, if it has one; services rely on the refusal, not on the limit, and do not ask for it.
 */
export function wantedLog(cluster: string, bytes?: number): WantedStream {
  return {
    ...shared,
    name: streamName(cluster),
    subjects: [...streamSubjects],
    max_age: nanos(14 * day),
    max_msgs_per_subject: -1,
    max_msg_size: 1024 * 1024,
    deny_purge: true,
    allow_rollup_hdrs: false,
    ...(bytes !== undefined && { max_bytes: bytes }),
    // The shortest there is: records say themselves what makes them equal.
    duplicate_window: nanos(100),
  };
}

/** What the provision step is told and services leave to the broker. */
export type Extent = {
  readonly bytes?: number | undefined;
  readonly replicas?: number | undefined;
};

/** All that a cluster needs on its broker. A lost bucket costs as much as a lost log: all lie alike. */
export function wantedStreams(cluster: string, extent: Extent = {}): readonly WantedStream[] {
  const { bytes, replicas } = extent;
  return [
    wantedLog(cluster, bytes),
    bucket(buckets.positions, 0),
    bucket(buckets.leases, leaseMs),
    wantedSnapshots(),
  ].map((stream) => ({ ...stream, ...(replicas !== undefined && { num_replicas: replicas }) }));
}

/** A key-value bucket that keeps the newest value of each key, for a time or for ever (0). */
function bucket(name: Bucket, forMs: number): WantedStream {
  return {
    ...shared,
    name: bucketStream(name),
    subjects: [...bucketSubjects(name)],
    max_age: nanos(forMs),
    max_msgs_per_subject: 1,
    max_msg_size: 64 * 1024,
    deny_purge: false,
    allow_rollup_hdrs: true,
    duplicate_window: nanos(100),
  };
}

/** An object store; what is replaced in it is purged, and nothing in it ages. */
function wantedSnapshots(): WantedStream {
  return {
    ...shared,
    name: snapshotStream,
    subjects: [...snapshotBucketSubjects],
    max_age: nanos(0),
    max_msgs_per_subject: -1,
    max_msg_size: 1024 * 1024,
    deny_purge: false,
    allow_rollup_hdrs: true,
    duplicate_window: nanos(100),
  };
}
