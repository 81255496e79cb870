import type { Kysely } from 'kysely';
import { actorInWords } from '#shared/contract/actors.ts';
import type { ActivityRow, BookTables } from '#shared/store/tables.ts';
import { howInShort, whoIn } from './attribution-words.ts';
import type { Colors, Look } from './colors.ts';
import { unavailableError } from './failure.ts';
import type { Answer } from './output.ts';
import { describeScope } from './scope.ts';
import type { Scope } from './scope.ts';
import { formatSet } from './set-reference.ts';
import { cell, nothing, renderTable } from './table.ts';
import type { Cell } from './table.ts';
import { formatAge, formatDelay, formatTime } from './times.ts';

/** The newest operations last, as they happened; a set that the book does not know is an error. */
export async function readHistory(
  db: Kysely<BookTables>,
  scope: Scope,
  limit: number,
): Promise<readonly ActivityRow[]> {
  const { namespace, set } = scope;
  let query = db.selectFrom('book.history').selectAll().orderBy('id', 'desc').limit(limit);
  if (namespace !== undefined) query = query.where('namespace', '=', namespace);
  if (set !== undefined) {
    query = query.where('set_kind', '=', set.kind).where('set_name', '=', set.name);
  }
  const rows = await query.execute();
  if (rows.length === 0 && set !== undefined) {
    const name = formatSet(set.kind, set.name);
    throw unavailableError(`the book knows no ${name} ${describeScope(scope)}`);
  }
  return rows.toReversed();
}

/** One operation, as programs read it; the shape is kept from version to version. */
export function historyRecord(row: ActivityRow): object {
  return {
    id: row.id,
    namespace: row.namespace,
    set: formatSet(row.set_kind, row.set_name),
    kind: row.set_kind,
    name: row.set_name,
    uid: row.set_uid,
    operation: row.operation,
    from: row.from_size,
    to: row.to_size,
    member: row.member,
    oldUid: row.old_uid,
    newUid: row.new_uid,
    at: row.at,
    actor: row.actor,
    who: row.actor === null ? null : actorInWords(row.actor),
    grade: row.grade,
    how: row.how,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    outcome: row.outcome,
    reason: row.reason,
    gap: row.gap,
  };
}

export function historyAnswer(
  rows: readonly ActivityRow[],
  { now, colors }: Look,
  isAllNamespaces: boolean,
): Answer {
  const namespaces = (row: ActivityRow): readonly Cell[] =>
    isAllNamespaces ? [cell(row.namespace)] : [];
  const heads = (...own: readonly string[]): readonly string[] => [
    ...(isAllNamespaces ? ['NAMESPACE'] : []),
    ...own,
  ];
  return {
    records: rows.map(historyRecord),
    table: () =>
      renderTable(
        heads(...shared, 'BY', 'HOW', 'STARTED', 'FINISHED', 'OUTCOME'),
        rows.map((row) => [
          ...namespaces(row),
          cell(`${formatAge(now.getTime() - row.at.getTime())} ago`),
          ...sharedCells(row),
          cell(howInShort(row)),
          delayCell(row, row.started_at),
          delayCell(row, row.finished_at),
          outcomeCell(row, colors),
        ]),
      ),
    wide: () =>
      renderTable(
        heads('ID', ...shared, 'BY', 'HOW', 'STARTED', 'FINISHED', 'OUTCOME', 'GAP', 'UID'),
        rows.map((row) => [
          ...namespaces(row),
          cell(row.id),
          cell(formatTime(row.at)),
          ...sharedCells(row),
          cell(row.how),
          timeCell(row.started_at),
          timeCell(row.finished_at),
          outcomeCell(row, colors),
          cell(row.gap ? 'yes' : 'no'),
          cell(row.set_uid),
        ]),
      ),
  };
}

const shared = ['WHEN', 'SET', 'OPERATION', 'CHANGE'] as const;

function sharedCells(row: ActivityRow): readonly Cell[] {
  return [
    cell(formatSet(row.set_kind, row.set_name)),
    cell(row.operation.replace('-', ' ')),
    cell(changeIn(row)),
    cell(whoIn(row)),
  ];
}

/** `3 → 5`; for a member its name and the first characters of both uids. */
export function changeIn(row: ActivityRow): string {
  if (row.operation !== 'member-replaced') return `${row.from_size ?? '–'} → ${row.to_size ?? '–'}`;
  return `${row.member ?? '?'} ${shortUid(row.old_uid)} → ${shortUid(row.new_uid)}`;
}

function shortUid(uid: string | null): string {
  return uid === null ? '–' : uid.slice(0, 8);
}

function outcomeCell({ outcome, reason }: ActivityRow, colors: Colors): Cell {
  const text = reason === null ? outcome : `${outcome}: ${reason}`;
  switch (outcome) {
    case 'done':
      return cell(text, colors.green);
    case 'running':
      return cell(text, colors.yellow);
    case 'held':
      return cell(text, colors.red);
    default:
      return cell(text, colors.dim);
  }
}

function delayCell(row: ActivityRow, time: Date | null): Cell {
  return time === null ? nothing : cell(formatDelay(row.at, time));
}

function timeCell(time: Date | null): Cell {
  return time === null ? nothing : cell(formatTime(time));
}
