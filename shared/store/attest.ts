import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { RefusalError } from '#shared/process/refusal.ts';

type DurabilitySettings = {
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
};

/**
 * Refuses a Postgres that may forget what it has committed: disks are deleted on the strength of a
 * commit, so a commit has to outlive a power cut.
 */
export async function attestDurability<Tables>(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<DurabilitySettings>`
    select current_setting('fsync') as fsync,
      current_setting('full_page_writes') as full_page_writes,
      current_setting('synchronous_commit') as synchronous_commit
  `.execute(db);
  const [settings] = rows;
  const problem = settings && lazinessIn(settings);
  if (problem !== undefined) throw new RefusalError(problem);
}

/** One sentence about what is off, or undefined when commits are durable. */
export function lazinessIn(settings: DurabilitySettings): string | undefined {
  const off = Object.entries(settings)
    .filter(([, value]) => value === 'off')
    .map(([name]) => name);
  if (off.length === 0) return undefined;
  return `this Postgres may lose what it has committed, for it runs with ${off.join(' and ')} off; turn it on, or give Rollcall another database`;
}
