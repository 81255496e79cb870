import { outcomes } from '#shared/contract/records.ts';
import { faultNames } from './faults.ts';
import { deeds } from './human.ts';
import { poolDeeds } from './pool-deeds.ts';

const verbs = [
  'secure-set',
  'mark-api-version',
  'create-revision',
  'create-vm',
  'create-vmi',
  'delete-member',
  'free-member',
  'retire-set',
  'secure-member',
  'release-member',
  'adopt-member',
  'update-vm',
  'restart-member',
  'label-instance',
  'roll-back',
  'write-status',
  'post-event',
] as const;

/** Holds that the histories are made to run into. */
const holds = ['MassDeleteBlocked', 'DiskReplacementHeld', 'Unsynced', 'over'] as const;

/** Why members are deleted; that they are healed takes more than chance, as does keeping disks. */
const purposes = ['scale-in', 'clean-up', 'replace'] as const;

/** What a run of many seeds must have hit at least once, or it proves little. */
export const expected: readonly string[] = [
  ...verbs.map((verb) => `verb ${verb}`),
  ...outcomes.map((outcome) => `outcome ${outcome}`),
  ...faultNames.map((fault) => `fault ${fault}`),
  ...[...deeds, ...poolDeeds].map((deed) => `human ${deed}`),
  ...purposes.map((purpose) => `purpose ${purpose}`),
  ...holds.map((hold) => `hold ${hold}`),
  'mode advise',
  'withdraws',
  'reconciler overtaken',
];

export function addCounts(
  to: Map<string, number>,
  more: Iterable<readonly [string, number]>,
): void {
  for (const [what, count] of more) to.set(what, (to.get(what) ?? 0) + count);
}

export function missing(counts: ReadonlyMap<string, number>): readonly string[] {
  return expected.filter((what) => !counts.has(what));
}

/** One line for each kind of thing. */
export function coverageText(counts: ReadonlyMap<string, number>): string {
  const groups = Map.groupBy(
    [...counts].toSorted(([left], [right]) => (left < right ? -1 : 1)),
    ([what]) => what.split(' ', 1)[0] ?? '',
  );
  return [...groups]
    .map(([group, items]) => {
      const rest = items.map(([what, count]) => `${what.slice(group.length + 1) || what} ${count}`);
      return `${group}: ${rest.join(', ')}`;
    })
    .join('\n');
}
