import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/**
 * What stands and would be deleted with each machine of a set, for the warning before it goes. A machine
 * without disks is one row.
 */
const view = `
create view book.disks_of_members as
  select m.owner_uid as set_uid, m.name as member, m.ordinal, m.created_at, d.name as disk,
    coalesce(
      (select c.size from book.holding c
        where c.owner_uid = d.uid and c.kind = 'PersistentVolumeClaim' and c.gone_at is null limit 1),
      d.size) as size
  from book.holding m
  left join book.holding d on d.owner_uid = m.uid and d.gone_at is null
    and d.kind in ('DataVolume', 'PersistentVolumeClaim')
  where m.kind = 'VirtualMachine' and m.gone_at is null and not m.deleting;
grant select on book.disks_of_members to rollcall_gateway;
`;

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(view).execute(db);
}
