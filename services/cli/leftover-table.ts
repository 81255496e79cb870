import type { Look } from './colors.ts';
import type { Leftover } from './leftover-disks.ts';
import type { Answer } from './output.ts';
import { cell, renderTable } from './table.ts';
import { formatAge } from './times.ts';

export function leftoversAnswer(
  disks: readonly Leftover[],
  { now, colors }: Look,
  isAllNamespaces: boolean,
): Answer {
  const table = (isWide: boolean) => (): string =>
    renderTable(
      [
        ...(isAllNamespaces ? ['NAMESPACE'] : []),
        ...['CLAIM', 'AGE', 'SIZE', 'CLASS', 'LEFT BY', 'WOULD BE TAKEN UP BY'],
        ...(isWide ? ['DATAVOLUME', 'ORDINAL', 'CAUSE'] : []),
      ],
      disks.map((disk) => [
        ...(isAllNamespaces ? [cell(disk.namespace)] : []),
        cell(disk.claim),
        cell(formatAge(now.getTime() - disk.since.getTime())),
        cell(disk.size),
        cell(disk.storageClass),
        cell(disk.set),
        cell(takerIn(disk), disk.takenUpBy === undefined ? undefined : colors.yellow),
        ...(isWide ? [cell(disk.dataVolume), cell(disk.ordinal), cell(disk.cause)] : []),
      ]),
    );
  return { records: disks.map(leftoverRecord), table: table(false), wide: table(true) };
}

/** One disk, as programs read it. */
function leftoverRecord(disk: Leftover): object {
  return {
    namespace: disk.namespace,
    claim: disk.claim ?? null,
    dataVolume: disk.dataVolume ?? null,
    storageClass: disk.storageClass ?? null,
    size: disk.size ?? null,
    since: disk.since,
    set: disk.set ?? null,
    ordinal: disk.ordinal ?? null,
    takenUpBy: disk.takenUpBy ?? null,
    cause: disk.cause ?? null,
  };
}

function takerIn({ takenUpBy }: Leftover): string | undefined {
  return takenUpBy === undefined ? undefined : `${takenUpBy.member} of ${takenUpBy.set}`;
}
