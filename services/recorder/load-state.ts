import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { purposeSchema, setRefSchema } from '#shared/contract/commands.ts';
import { resourceVersionSchema, shardSchema } from '#shared/contract/ids.ts';
import { kindSchema } from '#shared/contract/kinds.ts';
import { attributedSchema } from '#shared/contract/records.ts';
import type { AttributionRow, BookTables, HoldingRow } from '#shared/store/tables.ts';
import { evidenceFrom } from './evidence.ts';
import { mannerFrom } from './manner.ts';
import type { Activity, Claim, DeletedVolume, Holding, Named, SetName } from './rows.ts';
import { gradeOf, operationOf, outcomeOf, volumeStateOf } from './words.ts';
import {
  emptyState,
  mostSizes,
  placeBegun,
  placeClaim,
  placeHolding,
  placeSize,
  traceEffect,
} from './state.ts';
import type { BookState } from './state.ts';
import type { BookPosition } from './write-batch.ts';

/** How long the fold remembers what has gone: the disks of a member may go long after it. */
export const rememberGoneMs = 24 * 3_600_000;

const pageSize = 10_000;

export async function loadPosition(db: Kysely<BookTables>): Promise<BookPosition | undefined> {
  const row = await db.selectFrom('book.position').selectAll().executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    lineage: row.lineage,
    sequence: row.sequence,
    turn: row.turn,
    chainSequence: row.chain_sequence,
    chainHash: row.chain_hash,
    ...(row.hash === null ? {} : { hash: row.hash }),
    ...(row.began_at === null ? {} : { beganAt: row.began_at.getTime() }),
    ...(row.at === null ? {} : { at: row.at.getTime() }),
    ...(row.surveys_from === null ? {} : { surveysFrom: row.surveys_from }),
  };
}

/** The fold's memory as of a position, from the tables that it wrote. Open surveys are not in it. */
export async function loadState(
  db: Kysely<BookTables>,
  position: BookPosition | undefined,
): Promise<BookState> {
  const state = emptyState();
  if (position === undefined) return state;
  state.beganAt = position.beganAt;
  state.chainSequence = position.chainSequence;
  const since = new Date((position.at ?? 0) - rememberGoneMs);
  await loadHoldings(db, state, since);
  await loadActivities(db, state, since);
  await loadVolumes(db, state, since);
  await loadClaims(db, state, since);
  await loadSurveys(db, state, position.turn);
  return state;
}

async function loadHoldings(db: Kysely<BookTables>, state: BookState, since: Date): Promise<void> {
  for (let after = ''; ;) {
    const rows = await db
      .selectFrom('book.holding')
      .selectAll()
      .where('uid', '>', after)
      .where((where) => where.or([where('gone_at', 'is', null), where('gone_at', '>=', since)]))
      .orderBy('uid')
      .limit(pageSize)
      .execute();
    for (const row of rows) {
      const holding = holdingFrom(row);
      placeHolding(state, holding);
      if (holding.purposeEffect !== undefined) {
        traceEffect(state, holding.purposeEffect).member = holding.uid;
      }
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = last.uid;
  }
}

async function loadActivities(
  db: Kysely<BookTables>,
  state: BookState,
  since: Date,
): Promise<void> {
  const open = await db
    .selectFrom('book.activity')
    .selectAll()
    .where('finished_at', 'is', null)
    .orderBy('id')
    .execute();
  for (const activity of open.map(activityFrom)) {
    const { uid } = activity.set;
    state.open.set(uid, [...(state.open.get(uid) ?? []), activity]);
  }
  const { rows } = await sql<BookTables['book.activity']>`
    select * from (
      select a.*, row_number() over (partition by set_uid order by id desc) as place
      from book.activity a
      where operation <> 'member-replaced' and set_uid in (
        select uid from book.holding where gone_at is null or gone_at >= ${since})) newest
    where place <= ${mostSizes} order by id`.execute(db);
  for (const activity of [...rows, ...open].map(activityFrom)) {
    if (activity.operation !== 'member-replaced') placeSize(state, activity);
  }
}

/** What sources told within the last day, and the operations of that time that they may yet tell of. */
async function loadClaims(db: Kysely<BookTables>, state: BookState, since: Date): Promise<void> {
  const begun = await db
    .selectFrom('book.activity')
    .selectAll()
    .where('write', 'is not', null)
    .where('at', '>=', since)
    .execute();
  for (const activity of begun.map(activityFrom)) placeBegun(state, activity);
  const claims = await db
    .selectFrom('book.attribution')
    .selectAll()
    .where('at', '>=', since)
    .orderBy('entry')
    .execute();
  for (const row of claims) placeClaim(state, claimFrom(row));
}

async function loadVolumes(db: Kysely<BookTables>, state: BookState, since: Date): Promise<void> {
  const rows = await db
    .selectFrom('book.deleted_volume')
    .selectAll()
    .where((where) => where.or([where('gone_at', 'is', null), where('gone_at', '>=', since)]))
    .execute();
  for (const row of rows) {
    const volume = volumeFrom(row);
    state.volumes.set(volume.key, volume);
    if (volume.effect !== undefined) traceEffect(state, volume.effect).volumes.add(volume.key);
  }
}

async function loadSurveys(db: Kysely<BookTables>, state: BookState, turn: number): Promise<void> {
  const rows = await db.selectFrom('book.survey').selectAll().where('turn', '=', turn).execute();
  for (const row of rows) state.wholeSince.set(`${row.shard}/${row.kind}`, row.whole_since);
}

function holdingFrom(row: HoldingRow): Holding {
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
      manner: row.manner === null ? undefined : mannerFrom(row.manner),
      storageClass: row.storage_class,
      size: row.size,
      volumeName: row.volume_name,
    }),
  };
}

function activityFrom(row: BookTables['book.activity']): Activity {
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

function claimFrom(row: AttributionRow): Claim {
  const { subresource, resource_version, impersonator, user_agent: userAgent } = row;
  const record = attributedSchema.parse({
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
  return { entry: row.entry, write: row.write, at: row.at.getTime(), record };
}

type VolumeRow = Omit<BookTables['book.deleted_volume'], 'recorded_at' | 'number'>;

function volumeFrom(row: VolumeRow): DeletedVolume {
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
