import { purposeSchema, setRefSchema } from '#shared/contract/commands.ts';
import { resourceVersionSchema, shardSchema } from '#shared/contract/ids.ts';
import { kindSchema } from '#shared/contract/kinds.ts';
import { attributedSchema } from '#shared/contract/records.ts';
import type { AttributionRow, BookTables, HoldingRow } from '#shared/store/tables.ts';
import { evidenceFrom } from './evidence.ts';
import { mannerFrom } from './manner.ts';
import type { Activity, DeletedVolume, Holding, Named, SetName, Testimony } from './rows.ts';
import { gradeOf, operationOf, outcomeOf, volumeStateOf } from './words.ts';

/* What the fold remembers, read back from the columns that it was written into. */

export function holdingFrom(row: HoldingRow & { readonly rests: boolean | null }): Holding {
  return {
    uid: row.uid,
    kind: kindSchema.parse(row.kind),
    namespace: row.namespace,
    name: row.name,
    shard: shardSchema.parse(row.shard),
    resourceVersion: resourceVersionSchema.parse(row.resource_version),
    createdAt: row.created_at.getTime(),
    deleting: row.deleting,
    ...present({
      owner: row.owner_uid,
      goneAt: row.gone_at?.getTime(),
      wanted: row.wanted,
      generation: row.generation,
      ordinal: row.ordinal,
      final: row.final,
      claims: row.claims,
      purpose: row.purpose === null ? undefined : purposeSchema.parse(row.purpose),
      purposeEffect: row.purpose_effect,
      isCarriedOut: row.purpose_applied,
      rests: row.rests,
      manner: row.manner === null ? undefined : mannerFrom(row.manner),
      storageClass: row.storage_class,
      size: row.size,
      volumeName: row.volume_name,
    }),
  };
}

export function activityFrom(row: BookTables['book.activity']): Activity {
  return {
    id: row.id,
    set: setFrom(row),
    operation: operationOf(row.operation),
    at: row.at.getTime(),
    grade: gradeOf(row.grade),
    how: row.how,
    outcome: outcomeOf(row.outcome),
    gap: row.gap,
    ...present({
      from: row.from_size,
      to: row.to_size,
      member: row.member,
      oldUid: row.old_uid,
      newUid: row.new_uid,
      actor: row.actor,
      startedAt: row.started_at?.getTime(),
      finishedAt: row.finished_at?.getTime(),
      reason: row.reason,
      write: row.write,
      evidence: row.evidence === null ? undefined : evidenceFrom(row.evidence),
    }),
  };
}

/** Undefined for what no source could tell any more: it stands in the book, and nothing is joined to it. */
export function testimonyFrom(row: AttributionRow): Testimony | undefined {
  const { subresource, resource_version, impersonator, user_agent: userAgent } = row;
  const { data: record } = attributedSchema.safeParse({
    type: 'attributed',
    source: row.source,
    id: row.id,
    verb: row.verb,
    object: {
      kind: row.kind,
      namespace: row.namespace,
      name: row.name,
      uid: row.uid,
      ...present({ resourceVersion: resource_version }),
    },
    user: row.actor,
    groups: row.groups,
    receivedAt: row.received_at.toISOString(),
    answeredAt: row.answered_at.toISOString(),
    ...present({ subresource, replicas: row.replicas, impersonator, userAgent }),
    ...present({ manager: row.manager, asked: row.asked, boundTo: row.bound_to }),
    ...present({ deletedAt: row.deleted_at?.toISOString() }),
  });
  if (record === undefined) return undefined;
  return { entry: row.entry, write: row.write, at: row.at.getTime(), record };
}

type VolumeRow = Omit<BookTables['book.deleted_volume'], 'recorded_at' | 'number' | 'voided'>;

export function volumeFrom(row: VolumeRow): DeletedVolume {
  return {
    key: row.key,
    set: setFrom(row),
    cause: row.cause,
    applied: row.applied,
    state: volumeStateOf(row.state),
    ...present({
      claim: namedFrom(row.claim, row.claim_uid),
      dataVolume: namedFrom(row.data_volume, row.data_volume_uid),
      volume: namedFrom(row.volume, row.volume_uid),
      storageClass: row.storage_class,
      size: row.size,
      member: namedFrom(row.member, row.member_uid),
      ordinal: row.ordinal,
      because: row.because,
      decision: row.decision,
      effect: row.effect,
      activity: row.activity,
      goneAt: row.gone_at?.getTime(),
    }),
  };
}

function setFrom(row: {
  readonly set_kind: string;
  readonly namespace: string;
  readonly set_name: string;
  readonly set_uid: string;
}): SetName {
  return {
    kind: setRefSchema.shape.kind.parse(row.set_kind),
    namespace: row.namespace,
    name: row.set_name,
    uid: row.set_uid,
  };
}

function namedFrom(name: string | null, uid: string | null): Named | undefined {
  return name === null ? undefined : { name, ...present({ uid }) };
}

type Present<Fields> = {
  readonly [Name in keyof Fields]?: Exclude<Fields[Name], null | undefined>;
};

/** Only what is there: absent fields are absent in the fold, and null in the database. */
function present<Fields extends object>(fields: Fields): Present<Fields>;
function present(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}
