import { scaleInDisksAnnotation } from '#shared/contract/words.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { compareText } from '#shared/lib/order.ts';
import type { Loss } from './loss.ts';

/** A machine of a pool, with the disks that are deleted with it. */
export type MachineAtRisk = {
  readonly name: string;
  readonly ordinal: number | undefined;
  readonly createdAtMs: number;
  readonly disks: readonly { readonly name: string; readonly size: string | undefined }[];
};

export type Reading = {
  /** Those that stand and are not being deleted; undefined where nobody could tell in time. */
  readonly machines: readonly MachineAtRisk[] | undefined;
  readonly kubevirtControllers: 'running' | 'off';
};

/** A warning of more than 256 bytes is cut by whoever shows it. */
const mostNamed = 5;

/** What the writer of a pool is told before machines and disks go; nothing where no disk goes. */
export function lossWarnings(loss: Loss, reading: Reading): readonly string[] {
  switch (loss.type) {
    case 'none':
      return [];
    case 'stays':
      return [
        `the pool's scaleInStrategy is ${loss.strategy}: it removes no machine itself; delete those that shall go`,
      ];
    case 'scale-in':
      return scaleInWarnings(loss, reading);
    case 'retire':
      return retireWarnings(reading);
    default:
      return unreachable(loss);
  }
}

function scaleInWarnings(
  loss: Extract<Loss, { readonly type: 'scale-in' }>,
  { machines }: Reading,
): readonly string[] {
  const { from, to, order, isKnown } = loss;
  const act = `scaling in from ${from} to ${to}`;
  const unless = isKnown ? '' : ', unless the pool keeps disks';
  if (machines === undefined) {
    return [`${act} deletes machines${unless}, and with them the disks made for them`, advice];
  }
  const count = Math.max(0, machines.length - to);
  const victims = order === undefined ? machines : sortedBy(order, machines).slice(0, count);
  const disks = victims.flatMap((machine) => machine.disks);
  if (count === 0 || disks.length === 0) return [];
  if (order === undefined) {
    return [
      `${act} deletes ${count} of ${machines.length} machines, which cannot be told beforehand, and all that is on their disks`,
      `the disks in question: ${named(disks.map(diskText))}`,
      advice,
    ];
  }
  return [
    `${act} deletes ${named(victims.map(({ name }) => name))}${unless}, and all that is on ${theDisks(disks.length)}`,
    named(disks.map(diskText)),
    advice,
  ];
}

const advice = `back the data up first, or keep the disks with the annotation ${scaleInDisksAnnotation}=keep`;

function retireWarnings({ machines, kubevirtControllers }: Reading): readonly string[] {
  const disks = machines?.flatMap((machine) => machine.disks);
  if (disks?.length === 0) return [];
  const lost =
    machines === undefined || disks === undefined
      ? ['deleting the pool deletes its machines, and with them the disks made for them']
      : [
          `deleting the pool deletes its ${machines.length} machines, and all that is on ${theDisks(disks.length)}`,
          named(disks.map(diskText)),
        ];
  return [
    ...lost,
    'back the data up first; --cascade=orphan leaves machines and disks as they are',
    ...(kubevirtControllers === 'running'
      ? ['KubeVirt deletes them at once, also where the pool is paused']
      : []),
  ];
}

function sortedBy(
  order: NonNullable<Extract<Loss, { readonly type: 'scale-in' }>['order']>,
  machines: readonly MachineAtRisk[],
): readonly MachineAtRisk[] {
  const rising = machines.toSorted(
    (left, right) =>
      (isByAge(order) ? left.createdAtMs - right.createdAtMs : 0) ||
      (left.ordinal ?? -1) - (right.ordinal ?? -1) ||
      compareText(left.name, right.name),
  );
  return order === 'AscendingOrder' || order === 'Oldest' ? rising : rising.toReversed();
}

function isByAge(order: string): boolean {
  return order === 'Newest' || order === 'Oldest';
}

function theDisks(count: number): string {
  return count === 1 ? 'its disk' : `these ${count} disks`;
}

function diskText({ name, size }: MachineAtRisk['disks'][number]): string {
  return size === undefined ? name : `${name} (${size})`;
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ');
  const more = names.length - mostNamed;
  return more > 0 ? `${shown} and ${more} more` : shown;
}
