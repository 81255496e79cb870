import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/**
 * The entries: what an auditor trusts. Everything else in the schema is derived from the log in the
 * same transaction. Texts of the cluster are `text`, never jsonb, which refuses `\u0000`.
 */
const entries = `
create schema book;

create table book.entry (
  -- place in the chain, from 1, without gaps
  sequence bigint primary key,
  -- log time of the record that the entry is about
  at timestamptz not null,
  -- The clock of the server at the insert. The insert is among the last statements of its transaction,
  -- so this is the time of the commit but for milliseconds, and never later than it.
  recorded_at timestamptz not null default clock_timestamp(),
  -- how often the log had been replaced by another one before
  turn integer not null,
  lineage text not null,
  -- the message of the log; 0 for what the recorder itself found
  stream_sequence bigint not null,
  -- counts the entries of one message, from 0
  part integer not null,
  kind text not null,
  -- canonical JSON
  body text not null,
  previous_hash text not null,
  hash text not null,
  unique (turn, stream_sequence, part)
);

create function book.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'book.entry is append-only: % is refused', tg_op
    using errcode = 'insufficient_privilege';
end
$$;

-- Stops the owner too; a superuser who switches triggers off is found by the chain.
create trigger append_only before update or delete or truncate on book.entry
  for each statement execute function book.refuse_change();
`;

const derived = `
create table book.position (
  one boolean primary key default true check (one),
  lineage text not null,
  sequence bigint not null,
  -- sha256 of the message at sequence; absent at 0
  hash text,
  turn integer not null,
  chain_sequence bigint not null,
  chain_hash text not null,
  -- log time of the first record of the book; absent until there is one
  began_at timestamptz,
  -- log time of the newest record
  at timestamptz,
  -- where the oldest open survey began: reading again from there restores the open brackets
  surveys_from bigint,
  updated_at timestamptz not null default clock_timestamp()
);

-- One row for each operation of a set. The id is the sequence of the entry that opened it.
create table book.activity (
  id bigint primary key,
  set_kind text not null,
  namespace text not null,
  set_name text not null,
  set_uid text not null,
  operation text not null,
  from_size integer,
  to_size integer,
  member text,
  old_uid text,
  new_uid text,
  at timestamptz not null,
  actor text,
  grade text not null,
  how text not null,
  started_at timestamptz,
  finished_at timestamptz,
  outcome text not null,
  -- why it is held
  reason text,
  -- seen late, by a survey or after missed versions
  gap boolean not null
);
create index on book.activity (set_uid, id);
create index on book.activity (namespace, set_name, id);
create index on book.activity (id) where finished_at is null;

create table book.deleted_volume (
  -- uid of the claim; of the DataVolume while there is no claim yet
  key text primary key,
  namespace text not null,
  claim text,
  claim_uid text,
  data_volume text,
  data_volume_uid text,
  volume text,
  volume_uid text,
  storage_class text,
  size text,
  set_kind text not null,
  set_name text not null,
  set_uid text not null,
  member text,
  member_uid text,
  ordinal integer,
  cause text not null,
  because text,
  -- the decision's place in the log
  decision bigint,
  -- the newest command that endangers it, and whether one of them was carried out
  effect text,
  applied boolean not null,
  activity bigint,
  recorded_at timestamptz not null default clock_timestamp(),
  gone_at timestamptz,
  state text not null
);
create index on book.deleted_volume (namespace, set_name);
create index on book.deleted_volume (key) where gone_at is null;

-- What owns what, kept beyond its end: the chain of causes of a disk that vanishes.
create table book.holding (
  uid text primary key,
  kind text not null,
  namespace text not null,
  name text not null,
  shard text not null,
  owner_uid text,
  resource_version text not null,
  created_at timestamptz not null,
  deleting boolean not null,
  gone_at timestamptz,
  -- sets
  wanted integer,
  generation bigint,
  -- members
  ordinal integer,
  final boolean,
  claims text[],
  purpose text,
  purpose_effect text,
  -- disks
  storage_class text,
  size text,
  volume_name text
);
create index on book.holding (owner_uid);
create index on book.holding (gone_at) where gone_at is not null;

create table book.hold (
  set_uid text primary key,
  set_kind text not null,
  namespace text not null,
  set_name text not null,
  reason text not null,
  because text not null,
  since timestamptz not null
);

create table book.take_over (
  shard text primary key,
  epoch bigint not null,
  lineage text not null,
  holder text not null,
  code_version text not null,
  at timestamptz not null
);

create table book.poison (
  turn integer not null,
  stream_sequence bigint not null,
  part integer not null,
  shard text not null,
  family text not null,
  namespace text,
  problem text not null,
  at timestamptz not null,
  primary key (turn, stream_sequence, part)
);
`;

const views = `
create view book.position_of_recorder as
  select lineage, sequence from book.position;

create view book.entries as
  select sequence, at, recorded_at, turn, lineage, stream_sequence, part, kind, body, previous_hash, hash
  from book.entry;

create view book.history as
  select id, set_kind, namespace, set_name, set_uid, operation, from_size, to_size, member, old_uid,
    new_uid, at, actor, grade, how, started_at, finished_at, outcome, reason, gap
  from book.activity;

create view book.deleted_volumes as
  select namespace, claim, claim_uid, data_volume, data_volume_uid, volume, volume_uid, storage_class,
    size, set_kind, set_name, set_uid, member, member_uid, ordinal, cause, because, decision, effect,
    activity, recorded_at, gone_at, state
  from book.deleted_volume;

create view book.standing as
  select lineage, sequence, at, turn, chain_sequence, chain_hash, began_at, updated_at
  from book.position;

create view book.sets as
  select uid as set_uid, kind as set_kind, namespace, name as set_name, wanted, deleting, gone_at
  from book.holding
  where kind in ('VirtualMachinePool', 'VirtualMachineInstanceReplicaSet');

create view book.holds as
  select set_kind, namespace, set_name, set_uid, reason, because, since from book.hold;

create view book.take_overs as
  select shard, epoch, lineage, holder, code_version, at from book.take_over;

create view book.quarantined as
  select stream_sequence, part, shard, family, namespace, problem, at from book.poison;
`;

const rights = `
grant usage on schema book to rollcall_recorder, rollcall_reader, rollcall_executor;

grant select, insert on book.entry to rollcall_recorder;
grant select, insert, update on book.position, book.activity, book.deleted_volume, book.hold,
  book.take_over, book.poison, book.holding to rollcall_recorder;
grant delete on book.hold, book.holding to rollcall_recorder;

grant select on book.entries, book.history, book.deleted_volumes, book.standing, book.sets, book.holds,
  book.take_overs, book.quarantined, book.position_of_recorder to rollcall_reader;

grant select on book.position_of_recorder to rollcall_executor;
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const part of [entries, derived, views, rights]) await sql.raw(part).execute(db);
}
