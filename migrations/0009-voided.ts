import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/**
 * What was so only in a time that is void, because the cluster was set back. The rows stay, for the book
 * tells what was; the recorder goes on without them, until the same object is told of anew.
 */
const columns = `
alter table book.holding add column voided boolean not null default false;
alter table book.deleted_volume add column voided boolean not null default false;
alter table book.attribution add column voided boolean not null default false;
`;

/** As before, but that a deletion in a time that is void explains no loss after it. */
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
      and (v.voided or not t.voided)
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
  for (const part of [columns, volumes]) await sql.raw(part).execute(db);
}
