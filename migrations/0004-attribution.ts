import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/**
 * Who made a write. What a source tells comes earlier or later than the object's new version, so both
 * stay joinable by the write: `<uid>@<resourceVersion>`, or `<uid>@removed` for the one deletion that an
 * object has.
 */
const attribution = `
alter table book.activity add column write text;
create index on book.activity (at);

create table book.attribution (
  -- sequence of its entry in the chain
  entry bigint primary key,
  write text not null,
  -- log time of the record
  at timestamptz not null,
  source text not null,
  -- what the source calls the request
  id text not null,
  verb text not null,
  subresource text,
  kind text not null,
  namespace text not null,
  name text not null,
  uid text not null,
  resource_version text,
  replicas integer,
  actor text not null,
  impersonator text,
  groups text[] not null,
  user_agent text,
  -- by the clock of the API server
  received_at timestamptz not null,
  answered_at timestamptz not null
);
create index on book.attribution (write);
create index on book.attribution (at);
`;

/** An order of the rows that never changes, so that a reader can go on where it stopped. */
const order = `
alter table book.deleted_volume add column number bigint generated always as identity;
create unique index on book.deleted_volume (number);
`;

const views = `
create view book.attributions as
  select entry, write, at, source, id, verb, subresource, kind, namespace, name, uid, resource_version,
    replicas, actor, impersonator, groups, user_agent, received_at, answered_at
  from book.attribution;

-- Members are counted only for the rows, and only where the columns, that a query asks for.
create or replace view book.sets as
  select uid as set_uid, kind as set_kind, namespace, name as set_name, wanted, deleting, gone_at,
    generation, created_at,
    (select count(*) from book.holding m where m.owner_uid = s.uid and m.gone_at is null
      and m.kind in ('VirtualMachine', 'VirtualMachineInstance')) as members,
    (select count(*) from book.holding m where m.owner_uid = s.uid and m.gone_at is null
      and m.kind in ('VirtualMachine', 'VirtualMachineInstance')
      and not m.deleting and m.final is not true) as active,
    (select h.reason from book.hold h where h.set_uid = s.uid) as hold_reason,
    (select h.because from book.hold h where h.set_uid = s.uid) as hold_because,
    (select h.since from book.hold h where h.set_uid = s.uid) as held_since
  from book.holding s
  where kind in ('VirtualMachinePool', 'VirtualMachineInstanceReplicaSet');
create index on book.holding (kind, namespace, name);

-- Who caused the loss of a disk: whoever began the operation that it belongs to; for a disk that was
-- deleted by itself, whoever deleted the claim or, where that was the garbage collector, its DataVolume.
create or replace view book.deleted_volumes as
  select v.namespace, v.claim, v.claim_uid, v.data_volume, v.data_volume_uid, v.volume, v.volume_uid,
    v.storage_class, v.size, v.set_kind, v.set_name, v.set_uid, v.member, v.member_uid, v.ordinal,
    v.cause, v.because, v.decision, v.effect, v.activity, v.recorded_at, v.gone_at, v.state,
    v.number,
    coalesce(a.actor, d.actor) as actor,
    case when a.actor is not null then a.grade when d.actor is not null then 'proven'
      else coalesce(a.grade, 'unknown') end as grade,
    case when a.actor is not null then a.how when d.actor is not null then d.source || ': ' || d.verb
      else coalesce(a.how, 'no source tells who deleted it') end as how
  from book.deleted_volume v
  left join book.activity a on a.id = v.activity
  left join lateral (
    select t.actor, t.source, t.verb from book.attribution t
    where t.write in (v.claim_uid || '@removed', v.data_volume_uid || '@removed')
      and t.actor <> 'system:serviceaccount:kube-system:generic-garbage-collector'
    order by t.received_at, t.entry limit 1
  ) d on v.decision is null;

-- What cannot be read of who did something leaves nothing unknown of the objects themselves.
create or replace view book.quarantined as
  select stream_sequence, part, shard, family, namespace, problem, at,
    p.family <> 'intake' and p.turn = (select turn from book.position) and coalesce(
      (select bool_or(s.whole_since <= p.stream_sequence) from book.survey s
        where s.shard = p.shard and s.turn = p.turn), true) as blocks
  from book.poison p;
`;

const rights = `
grant select, insert, update on book.attribution to rollcall_recorder;
grant select on book.attributions to rollcall_reader;
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const part of [attribution, order, views, rights]) await sql.raw(part).execute(db);
}
