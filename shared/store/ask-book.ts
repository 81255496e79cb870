import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { SetKind } from '#shared/contract/kinds.ts';
import type { ActivityRow, BookTables, DeletedVolumeRow, EntryRow, SetRow } from './tables.ts';

/* Questions to the book, through the views that readers may see. Every page has an order that stands. */

type Db = Kysely<BookTables>;

export type SetScope = {
  /** All namespaces when absent. */
  readonly namespace?: string | undefined;
  readonly kind?: SetKind | undefined;
  readonly name?: string | undefined;
};

export type SetsQuestion = SetScope & {
  /** The last set of the page before. */
  readonly after?: { readonly namespace: string; readonly kind: string; readonly name: string };
  readonly limit: number;
};

/** Living sets, by namespace, kind and name. */
export async function askSets(db: Db, question: SetsQuestion): Promise<readonly SetRow[]> {
  const { namespace, kind, name, after, limit } = question;
  let query = db
    .selectFrom('book.sets')
    .selectAll()
    .where('gone_at', 'is', null)
    .orderBy('namespace')
    .orderBy('set_kind')
    .orderBy('set_name')
    .limit(limit);
  if (namespace !== undefined) query = query.where('namespace', '=', namespace);
  if (kind !== undefined) query = query.where('set_kind', '=', kind);
  if (name !== undefined) query = query.where('set_name', '=', name);
  if (after !== undefined) {
    query = query.where(
      sql<boolean>`(namespace, set_kind, set_name) > (${after.namespace}, ${after.kind}, ${after.name})`,
    );
  }
  return query.execute();
}

type Period = {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** The actor, as the book writes it. */
  readonly who?: string | undefined;
};

export type OperationsQuestion = SetScope &
  Period & {
    readonly operation?: string | undefined;
    readonly setUid?: string | undefined;
    /** Only operations older than this id. */
    readonly before?: number | undefined;
    readonly limit: number;
  };

/** Operations, the newest first. */
export async function askOperations(
  db: Db,
  question: OperationsQuestion,
): Promise<readonly ActivityRow[]> {
  const { namespace, kind, name, since, until, who, operation, setUid, before, limit } = question;
  let query = db.selectFrom('book.history').selectAll().orderBy('id', 'desc').limit(limit);
  if (namespace !== undefined) query = query.where('namespace', '=', namespace);
  if (kind !== undefined) query = query.where('set_kind', '=', kind);
  if (name !== undefined) query = query.where('set_name', '=', name);
  if (setUid !== undefined) query = query.where('set_uid', '=', setUid);
  if (operation !== undefined) query = query.where('operation', '=', operation);
  if (who !== undefined) query = query.where('actor', '=', who);
  if (since !== undefined) query = query.where('at', '>=', new Date(since));
  if (until !== undefined) query = query.where('at', '<', new Date(until));
  if (before !== undefined) query = query.where('id', '<', before);
  return query.execute();
}

export type VolumesQuestion = SetScope &
  Period & {
    /** How the cause begins. */
    readonly cause?: string | undefined;
    /** Whether those whose command came to nothing are among them, or are all that is asked for. */
    readonly kept: boolean | 'alone';
    /** Only rows older than this number. */
    readonly before?: number | undefined;
    readonly limit: number;
  };

/** Disks, those that came into the book last first. */
export async function askVolumes(
  db: Db,
  question: VolumesQuestion,
): Promise<readonly DeletedVolumeRow[]> {
  const { namespace, kind, name, since, until, who, cause, kept, before, limit } = question;
  let query = db
    .selectFrom('book.deleted_volumes')
    .selectAll()
    .orderBy('number', 'desc')
    .limit(limit);
  if (namespace !== undefined) query = query.where('namespace', '=', namespace);
  if (kind !== undefined) query = query.where('set_kind', '=', kind);
  if (name !== undefined) query = query.where('set_name', '=', name);
  if (kept !== true) query = query.where('state', kept === 'alone' ? '=' : '<>', 'kept');
  if (who !== undefined) query = query.where('actor', '=', who);
  if (cause !== undefined) query = query.where(sql<boolean>`starts_with(cause, ${cause})`);
  if (since !== undefined) query = query.where('recorded_at', '>=', new Date(since));
  if (until !== undefined) query = query.where('recorded_at', '<', new Date(until));
  if (before !== undefined) query = query.where('number', '<', before);
  return query.execute();
}

export type Standing = BookTables['book.standing'];

/** How far the book has come; undefined while it is empty. */
export async function askStanding(db: Db): Promise<Standing | undefined> {
  return db.selectFrom('book.standing').selectAll().executeTakeFirst();
}

export type EntryInBook = Pick<EntryRow, 'sequence' | 'at' | 'kind' | 'body'>;

/** Entries after one, in their order. */
export async function askEntries(
  db: Db,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly EntryInBook[]> {
  return db
    .selectFrom('book.entries')
    .select(['sequence', 'at', 'kind', 'body'])
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit)
    .execute();
}
