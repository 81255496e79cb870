import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/**
 * What tells the writer of a version from those who were only answered with it: what a request asked for
 * and as whom, what it was bound to, and what is known of the change itself.
 */
const evidence = `
-- JSON: who owns the size, which version was known before, how many changes in between were not seen.
alter table book.activity add column evidence text;

alter table book.attribution
  -- the field manager of the request
  add column manager text,
  -- the size that it asked for
  add column asked integer,
  -- the version before the write, where the request named one
  add column bound_to text,
  -- deletionTimestamp in the answer to a deletion
  add column deleted_at timestamptz;

-- The command that takes a member away was carried out.
alter table book.holding add column purpose_applied boolean;
-- JSON: how a set is to be kept, the size apart, to tell what an edit changed.
alter table book.holding add column manner text;

create or replace view book.attributions as
  select entry, write, at, source, id, verb, subresource, kind, namespace, name, uid, resource_version,
    replicas, actor, impersonator, groups, user_agent, received_at, answered_at, manager, asked, bound_to,
    deleted_at
  from book.attribution;
`;

/**
 * Who caused the loss of a disk. By a decision of ours: whoever began the operation that it served, else
 * Rollcall itself. Without one: whoever deleted the claim or, where that was the garbage collector, its
 * DataVolume; else whoever deleted the member or the set, for the disk goes with its owners. A smaller size
 * explains a disk that went with its member, and proves nothing. Who asked for a deletion that was under
 * way, or when the disk was gone, did not delete; of several who may have, nobody is proven.
 */
const volumes = `
create or replace view book.deleted_volumes as
  select v.namespace, v.claim, v.claim_uid, v.data_volume, v.data_volume_uid, v.volume, v.volume_uid,
    v.storage_class, v.size, v.set_kind, v.set_name, v.set_uid, v.member, v.member_uid, v.ordinal,
    v.cause, v.because, v.decision, v.effect, v.activity, v.recorded_at, v.gone_at, v.state,
    v.number,
    w.actor, w.grade, w.how
  from book.deleted_volume v
  left join book.activity a on a.id = v.activity
  left join lateral (
    select (array_agg(t.actor order by t.received_at, t.entry))[1] as actor,
      (array_agg(t.source || ': ' || t.verb
        || coalesce(', impersonated by ' || t.impersonator, '') order by t.received_at, t.entry))[1] as how,
      count(distinct t.actor) as actors
    from book.attribution t
    where t.write in (v.claim_uid || '@removed', v.data_volume_uid || '@removed')
      and t.actor <> 'system:serviceaccount:kube-system:generic-garbage-collector'
      and (t.deleted_at is null or t.deleted_at >= date_trunc('second', t.received_at))
      and (v.gone_at is null or t.received_at <= v.gone_at + interval '250 milliseconds')
  ) d on v.decision is null
  cross join lateral (
    select d.actor, case when d.actors = 1 then 'proven' else 'inferred' end as grade,
      case when d.actors = 1 then d.how else d.how || ', and others asked for the same' end as how
    where d.actor is not null
    union all
    select a.actor,
      case when v.decision is null and a.operation = 'scaled' and a.grade in ('proven', 'corroborated')
        then 'inferred' else a.grade end,
      case when v.decision is null and a.operation = 'scaled'
        then a.how || '; the disk went with its member' else a.how end
    where d.actor is null and a.id is not null
    union all
    select 'rollcall', 'proven', 'our own decision'
    where d.actor is null and a.id is null and v.decision is not null
      and v.cause not like '%member deleted outside Rollcall'
    union all
    select null, 'unknown', 'no source tells who deleted it'
    where d.actor is null and a.id is null
      and (v.decision is null or v.cause like '%member deleted outside Rollcall')
  ) w;
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const part of [evidence, volumes]) await sql.raw(part).execute(db);
}
