import type { Kysely } from 'kysely';
import type { BookTables, DeletedVolumeRow } from '#shared/store/tables.ts';
import { whoIn } from './attribution-words.ts';
import type { Colors, Look } from './colors.ts';
import type { Answer } from './output.ts';
import type { Scope } from './scope.ts';
import { formatSet } from './set-reference.ts';
import { cell, renderTable } from './table.ts';
import type { Cell } from './table.ts';
import { formatAge, formatTime } from './times.ts';

export type VolumeQuestion = {
  readonly scope: Scope;
  /** Also those whose command came to nothing. */
  readonly kept: boolean;
  readonly limit: number;
};

export async function readDeletedVolumes(
  db: Kysely<BookTables>,
  { scope, kept, limit }: VolumeQuestion,
): Promise<readonly DeletedVolumeRow[]> {
  const { namespace, set } = scope;
  let query = db
    .selectFrom('book.deleted_volumes')
    .selectAll()
    .orderBy('recorded_at', 'desc')
    .orderBy('claim_uid')
    .limit(limit);
  if (namespace !== undefined) query = query.where('namespace', '=', namespace);
  if (!kept) query = query.where('state', '<>', 'kept');
  if (set !== undefined) {
    query = query.where('set_kind', '=', set.kind).where('set_name', '=', set.name);
  }
  return (await query.execute()).toReversed();
}

/** One disk, as programs read it; the shape is kept from version to version. */
function volumeRecord(row: DeletedVolumeRow): object {
  return {
    namespace: row.namespace,
    claim: row.claim,
    claimUid: row.claim_uid,
    dataVolume: row.data_volume,
    dataVolumeUid: row.data_volume_uid,
    volume: row.volume,
    volumeUid: row.volume_uid,
    storageClass: row.storage_class,
    size: row.size,
    set: formatSet(row.set_kind, row.set_name),
    setUid: row.set_uid,
    member: row.member,
    memberUid: row.member_uid,
    ordinal: row.ordinal,
    cause: row.cause,
    because: row.because,
    actor: row.actor,
    grade: row.grade,
    how: row.how,
    decision: row.decision,
    effect: row.effect,
    activity: row.activity,
    recordedAt: row.recorded_at,
    goneAt: row.gone_at,
    state: row.state,
  };
}

const heads = ['CLAIM', 'DATAVOLUME', 'VOLUME', 'CLASS', 'SIZE', 'SET', 'MEMBER', 'CAUSE'] as const;

export function volumesAnswer(
  rows: readonly DeletedVolumeRow[],
  { now, colors }: Look,
  isAllNamespaces: boolean,
): Answer {
  const named = isAllNamespaces ? ['NAMESPACE', ...heads] : heads;
  const start = (row: DeletedVolumeRow): readonly Cell[] => [
    ...(isAllNamespaces ? [cell(row.namespace)] : []),
    ...[cell(row.claim), cell(row.data_volume), cell(row.volume)],
    ...[cell(row.storage_class), cell(row.size)],
    cell(formatSet(row.set_kind, row.set_name)),
    ...[cell(row.member), cell(row.cause)],
  ];
  const ago = (time: Date): string => `${formatAge(now.getTime() - time.getTime())} ago`;
  return {
    records: rows.map(volumeRecord),
    table: () =>
      renderTable(
        [...named, 'RECORDED', 'GONE'],
        rows.map((row) => [
          ...start(row),
          cell(ago(row.recorded_at)),
          goneCell(row, { colors, say: ago }),
        ]),
      ),
    wide: () =>
      renderTable(
        [
          ...named,
          'ORDINAL',
          'BECAUSE',
          'BY',
          'HOW',
          'RECORDED',
          'GONE',
          'CLAIM UID',
          'VOLUME UID',
        ],
        rows.map((row) => [
          ...start(row),
          ...[cell(row.ordinal), cell(row.because)],
          cell(whoIn(row)),
          cell(row.how),
          cell(formatTime(row.recorded_at)),
          goneCell(row, { colors, say: formatTime }),
          ...[cell(row.claim_uid), cell(row.volume_uid)],
        ]),
      ),
  };
}

/** When the claim went; while it is there, how it stands. */
function goneCell(
  row: DeletedVolumeRow,
  { colors, say }: { readonly colors: Colors; readonly say: (time: Date) => string },
): Cell {
  if (row.gone_at !== null) return cell(say(row.gone_at));
  return cell(row.state, row.state === 'at risk' ? colors.yellow : colors.dim);
}
