import type { Mode } from '#shared/contract/words.ts';
import type { SetRow } from '#shared/store/tables.ts';
import type { Look } from './colors.ts';
import type { LiveSet } from './live-sets.ts';
import type { Answer } from './output.ts';
import { formatSet } from './set-reference.ts';
import { cell, renderTable } from './table.ts';
import type { Cell } from './table.ts';
import { formatAge, formatTime } from './times.ts';

/** A set as the book knows it, and as the cluster has it where the cluster was asked. */
export type SetLine = {
  readonly row: SetRow | undefined;
  readonly live: LiveSet | undefined;
};

/** Joined by uid: a set that was made again under its name is another one. */
export function joinSets(
  rows: readonly SetRow[],
  live: readonly LiveSet[] | undefined,
): readonly SetLine[] {
  if (live === undefined) return rows.map((row) => ({ row, live: undefined }));
  const byUid = new Map(rows.map((row) => [row.set_uid, row]));
  return live.map((set) => ({ row: byUid.get(set.uid), live: set }));
}

type SetsLook = Look & { readonly defaultMode: Mode | undefined };

export function setsAnswer(
  lines: readonly SetLine[],
  look: SetsLook,
  isAllNamespaces: boolean,
): Answer {
  const heads = [
    ...(isAllNamespaces ? ['NAMESPACE'] : []),
    ...['SET', 'DESIRED', 'CURRENT', 'READY', 'UPDATED', 'MODE', 'HELD'],
  ];
  const table = (isWide: boolean) => (): string =>
    renderTable(
      isWide ? [...heads, 'SINCE', 'BECAUSE', 'IN THE BOOK SINCE', 'UID'] : heads,
      lines.map((line) => [
        ...(isAllNamespaces ? [cell(namesOf(line).namespace)] : []),
        ...cellsOf(line, look),
        ...(isWide ? wideCells(line, look) : []),
      ]),
    );
  return {
    records: lines.map((line) => setRecord(line, look.defaultMode)),
    table: table(false),
    wide: table(true),
  };
}

/** One set, as programs read it; what only the cluster knows is null where it was not asked. */
function setRecord(line: SetLine, defaultMode: Mode | undefined): object {
  const { row, live } = line;
  const { namespace, kind, name, uid } = namesOf(line);
  return {
    ...{ namespace, set: formatSet(kind, name), kind, name, uid },
    desired: live?.desired ?? row?.wanted ?? 1,
    current: live?.current ?? row?.members ?? null,
    ready: live?.ready ?? null,
    updated: live?.updated ?? null,
    mode: live === undefined ? null : (live.mode ?? defaultMode ?? null),
    deleting: live?.deleting ?? row?.deleting ?? false,
    held: heldOf(row),
    inBook: row !== undefined,
  };
}

function heldOf(row: SetRow | undefined): object | null {
  if (row === undefined || row.hold_reason === null) return null;
  return { reason: row.hold_reason, because: row.hold_because, since: row.held_since };
}

function cellsOf({ row, live }: SetLine, { colors, defaultMode }: SetsLook): readonly Cell[] {
  const { kind, name } = namesOf({ row, live });
  const desired = live?.desired ?? row?.wanted ?? 1;
  const current = live?.current ?? row?.members;
  const isShort = current !== undefined && current !== desired;
  const held = row?.hold_reason ?? undefined;
  const leaving = (live?.deleting ?? row?.deleting) === true ? 'being deleted' : undefined;
  return [
    cell(formatSet(kind, name)),
    cell(desired),
    cell(current, isShort ? colors.yellow : undefined),
    cell(live?.ready),
    cell(live?.updated),
    cell(modeWord(live, defaultMode)),
    held === undefined ? cell(leaving, colors.yellow) : cell(held, colors.red),
  ];
}

/** The services' default is marked, for it is not the set's own word. */
function modeWord(live: LiveSet | undefined, defaultMode: Mode | undefined): string | undefined {
  if (live === undefined) return undefined;
  return live.mode ?? (defaultMode === undefined ? '(default)' : `${defaultMode} (default)`);
}

function wideCells({ row, live }: SetLine, { now }: Look): readonly Cell[] {
  const since = row?.held_since ?? undefined;
  return [
    cell(since === undefined ? undefined : `${formatAge(now.getTime() - since.getTime())} ago`),
    cell(row?.hold_because),
    cell(row === undefined ? 'not yet' : formatTime(row.created_at)),
    cell(live?.uid ?? row?.set_uid),
  ];
}

function namesOf({ row, live }: SetLine): {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
} {
  if (live !== undefined) return live;
  return {
    namespace: row?.namespace ?? '',
    kind: row?.set_kind ?? '',
    name: row?.set_name ?? '',
    uid: row?.set_uid ?? '',
  };
}
