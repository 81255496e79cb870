import { actorInWords } from '#shared/contract/actors.ts';
import {
  asOfSchema,
  operationSchema,
  setSchema,
  volumeSchema,
  whoSchema,
} from '#shared/contract/api.ts';
import type { AsOf, OperationItem, SetItem, VolumeItem, Who } from '#shared/contract/api.ts';
import type { Standing } from '#shared/store/ask-book.ts';
import type { ActivityRow, DeletedVolumeRow, SetRow } from '#shared/store/tables.ts';

/* Rows of the book as callers of the API see them. */

export function setItem(row: SetRow): SetItem {
  const { hold_reason: reason, hold_because: because, held_since: since } = row;
  return setSchema.parse({
    ...setNameIn(row),
    wanted: row.wanted ?? 1,
    members: { present: row.members, active: row.active },
    generation: row.generation,
    createdAt: row.created_at.toISOString(),
    deleting: row.deleting,
    held: reason === null ? null : { reason, because, since: since?.toISOString() },
  });
}

export function operationItem(row: ActivityRow): OperationItem {
  return operationSchema.parse({
    id: row.id,
    set: setNameIn(row),
    operation: row.operation,
    from: row.from_size,
    to: row.to_size,
    member: row.member,
    oldUid: row.old_uid,
    newUid: row.new_uid,
    who: whoIn(row),
    at: row.at.toISOString(),
    startedAt: time(row.started_at),
    finishedAt: time(row.finished_at),
    outcome: row.outcome,
    reason: row.reason,
    gap: row.gap,
  });
}

export function volumeItem(row: DeletedVolumeRow): VolumeItem {
  return volumeSchema.parse({
    set: setNameIn(row),
    claim: named(row.claim, row.claim_uid),
    dataVolume: named(row.data_volume, row.data_volume_uid),
    volume: named(row.volume, row.volume_uid),
    storageClass: row.storage_class,
    size: row.size,
    member: named(row.member, row.member_uid),
    ordinal: row.ordinal,
    cause: row.cause,
    because: row.because,
    who: whoIn(row),
    decision: row.decision,
    effect: row.effect,
    operation: row.activity,
    recordedAt: row.recorded_at.toISOString(),
    goneAt: time(row.gone_at),
    state: row.state,
  });
}

export function asOf(standing: Standing | undefined): AsOf {
  return asOfSchema.parse({
    at: time(standing?.at ?? null),
    sequence: standing?.sequence ?? 0,
    writtenAt: time(standing?.updated_at ?? null),
  });
}

type NamedSet = Pick<SetRow, 'set_kind' | 'namespace' | 'set_name' | 'set_uid'>;

function setNameIn(row: NamedSet): object {
  return { namespace: row.namespace, kind: row.set_kind, name: row.set_name, uid: row.set_uid };
}

function whoIn(row: Pick<ActivityRow, 'actor' | 'grade' | 'how'>): Who {
  const { actor, grade, how } = row;
  const shown = actor === null ? null : actorInWords(actor);
  return whoSchema.parse({ name: actor, shown, grade, how });
}

function named(name: string | null, uid: string | null): VolumeItem['claim'] {
  return name === null ? null : { name, uid };
}

function time(at: Date | null): string | null {
  return at === null ? null : at.toISOString();
}
