import { canonicalJson } from '#shared/lib/canonical.ts';
import type { Changes } from './changes.ts';
import type {
  Activity,
  DeletedVolume,
  Hold,
  Holding,
  SetName,
  Testimony,
  Voidable,
} from './rows.ts';

/* The rows of a batch as the database takes them: plain texts, times in RFC 3339, null for absent. */

type Plain = string | number | boolean | null | readonly string[];
type Row = Readonly<Record<string, Plain>>;

/**
 * A text that Postgres can store: it refuses the character zero and lone surrogates. Bodies of entries
 * keep both, escaped; the derived rows show a replacement character.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

export function holdingRows({ holdings }: Changes): readonly Row[] {
  return [...holdings.values()].map((holding: Voidable<Holding>) =>
    rowFrom({
      uid: holding.uid,
      kind: holding.kind,
      namespace: holding.namespace,
      name: holding.name,
      shard: holding.shard,
      owner_uid: holding.owner,
      resource_version: holding.resourceVersion,
      created_at: time(holding.createdAt),
      deleting: holding.deleting,
      gone_at: time(holding.goneAt),
      wanted: holding.wanted,
      generation: holding.generation,
      ordinal: holding.ordinal,
      final: holding.final,
      claims: holding.claims?.map(storable),
      purpose: holding.purpose,
      purpose_effect: holding.purposeEffect,
      purpose_applied: holding.isCarriedOut,
      manner: holding.manner && canonicalJson(holding.manner),
      rests: holding.rests,
      storage_class: holding.storageClass,
      size: holding.size,
      volume_name: holding.volumeName,
      voided: holding.isVoid ?? false,
    }),
  );
}

export function activityRows({ activities }: Changes): readonly Row[] {
  return [...activities.values()].map((activity: Activity) =>
    rowFrom({
      id: activity.id,
      ...setColumns(activity.set),
      operation: activity.operation,
      from_size: activity.from,
      to_size: activity.to,
      member: activity.member,
      old_uid: activity.oldUid,
      new_uid: activity.newUid,
      at: time(activity.at),
      actor: activity.actor,
      grade: activity.grade,
      how: activity.how,
      started_at: time(activity.startedAt),
      finished_at: time(activity.finishedAt),
      outcome: activity.outcome,
      reason: activity.reason,
      gap: activity.gap,
      write: activity.write,
      evidence: activity.evidence && canonicalJson(activity.evidence),
    }),
  );
}

export function attributionRows({ testimonies }: Changes): readonly Row[] {
  return [...testimonies.values()].map(
    ({ entry, write, at, record, isVoid }: Voidable<Testimony>) =>
      rowFrom({
        entry,
        write,
        at: time(at),
        source: record.source,
        id: record.id,
        verb: record.verb,
        subresource: record.subresource,
        kind: record.object.kind,
        namespace: record.object.namespace,
        name: record.object.name,
        uid: record.object.uid,
        resource_version: record.object.resourceVersion,
        replicas: record.replicas,
        actor: record.user,
        impersonator: record.impersonator,
        groups: record.groups.map(storable),
        user_agent: record.userAgent,
        received_at: record.receivedAt,
        answered_at: record.answeredAt,
        manager: record.manager,
        asked: record.asked,
        bound_to: record.boundTo,
        deleted_at: record.deletedAt,
        voided: isVoid ?? false,
      }),
  );
}

export function volumeRows({ volumes }: Changes): readonly Row[] {
  return [...volumes.values()].map((volume: Voidable<DeletedVolume>) =>
    rowFrom({
      key: volume.key,
      claim: volume.claim?.name,
      claim_uid: volume.claim?.uid,
      data_volume: volume.dataVolume?.name,
      data_volume_uid: volume.dataVolume?.uid,
      volume: volume.volume?.name,
      volume_uid: volume.volume?.uid,
      storage_class: volume.storageClass,
      size: volume.size,
      ...setColumns(volume.set),
      member: volume.member?.name,
      member_uid: volume.member?.uid,
      ordinal: volume.ordinal,
      cause: volume.cause,
      because: volume.because,
      decision: volume.decision,
      effect: volume.effect,
      applied: volume.applied,
      activity: volume.activity,
      gone_at: time(volume.goneAt),
      state: volume.state,
      voided: volume.isVoid ?? false,
    }),
  );
}

/** Holds that stand, and the sets whose hold is over. */
export function holdRows({ holds }: Changes): {
  readonly held: readonly Row[];
  readonly over: readonly string[];
} {
  const all: readonly Hold[] = [...holds.values()];
  return {
    held: all
      .filter((hold) => hold.reason !== undefined)
      .map((hold) =>
        rowFrom({
          ...setColumns(hold.set),
          reason: hold.reason,
          because: hold.because,
          since: time(hold.since),
        }),
      ),
    over: all.filter((hold) => hold.reason === undefined).map((hold) => storable(hold.set.uid)),
  };
}

export function takeOverRows({ takeOvers }: Changes): readonly Row[] {
  return [...takeOvers.values()].map(({ codeVersion, at, ...takeOver }) =>
    rowFrom({ ...takeOver, code_version: codeVersion, at: time(at) }),
  );
}

export function poisonRows({ poisons }: Changes, turn: number): readonly Row[] {
  return poisons.map(({ streamSequence, at, ...poison }) =>
    rowFrom({ turn, stream_sequence: streamSequence, ...poison, at: time(at) }),
  );
}

export function surveyRows({ surveys }: Changes, turn: number): readonly Row[] {
  return [...surveys.values()].map(({ shard, kind, wholeSince }) =>
    rowFrom({ shard, kind, turn, whole_since: wholeSince }),
  );
}

function setColumns(set: SetName): Row {
  return { set_kind: set.kind, namespace: set.namespace, set_name: set.name, set_uid: set.uid };
}

function rowFrom(fields: Readonly<Record<string, Plain | undefined>>): Row {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? storable(value) : (value ?? null),
    ]),
  );
}

function time(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
