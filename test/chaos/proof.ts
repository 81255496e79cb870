import type { Deed } from '../support/journal-tail.ts';
import type { Drill, Health, Row } from './drill.ts';

/** What became of a pool, in words that do not depend on its name or on when things happened. */
export type Proof = {
  /** For each object: how often it was made, and how often it went. */
  readonly deeds: Readonly<Record<string, string>>;
  /** Rows of the history, in order. */
  readonly history: readonly string[];
  /** Lost disks as the book has them: how many rows for each claim that went. */
  readonly lost: Readonly<Record<string, string>>;
};

const counted = ['VirtualMachine', 'DataVolume', 'PersistentVolumeClaim'];

/** Gathers it from the sandbox's journal and from the book, which must tell the same story. */
export async function proofOf(drill: Drill, pool: string): Promise<Proof> {
  const deeds = (await drill.journal.deeds()).filter(
    ({ kind, name }) => counted.includes(kind) && name.startsWith(`${pool}-`),
  );
  const [history, disks] = [await drill.history(pool), await drill.lostDisks(pool)];
  const claims = deeds.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  return {
    deeds: countDeeds(deeds, pool),
    history: history.map(
      ({ operation, from, to, outcome }) => `${operation} ${from} → ${to}: ${outcome}`,
    ),
    lost: Object.fromEntries(
      claims
        .filter(({ type }) => type === 'DELETED')
        .map((claim) => [claim.name.slice(pool.length), recordOf(claim, disks)]),
    ),
  };
}

function countDeeds(deeds: readonly Deed[], pool: string): Proof['deeds'] {
  const counts = new Map<string, { made: number; gone: number }>();
  for (const { kind, name, type } of deeds) {
    const object = `${kind} ${name.slice(pool.length)}`;
    const count = counts.get(object) ?? { made: 0, gone: 0 };
    counts.set(object, count);
    if (type === 'ADDED') count.made += 1;
    else count.gone += 1;
  }
  return Object.fromEntries(
    [...counts]
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([object, { made, gone }]) => [object, `made ${made}×, gone ${gone}×`]),
  );
}

/** Exactly one row, written before the cluster let the claim go. */
function recordOf(claim: Deed, disks: readonly Row[]): string {
  const rows = disks.filter((disk) => disk['claimUid'] === claim.uid);
  const early = rows.every((row) => Date.parse(String(row['recordedAt'])) < claim.at);
  return `${rows.length} row${rows.length === 1 ? '' : 's'}, ${early ? 'before' : 'AFTER'} it went`;
}

/** What a pool of disks leaves that went 0 → `peak` → `rest` without anything happening to it. */
export function undisturbed(peak: number, rest: number): Proof {
  const ordinals = Array.from({ length: peak }, (_, ordinal) => ordinal);
  const fate = (ordinal: number): string => `made 1×, gone ${ordinal < rest ? 0 : 1}×`;
  const deeds = ordinals.flatMap((ordinal) => [
    [`VirtualMachine -${ordinal}`, fate(ordinal)],
    [`DataVolume -disk-${ordinal}`, fate(ordinal)],
    [`PersistentVolumeClaim -disk-${ordinal}`, fate(ordinal)],
  ]);
  return {
    deeds: Object.fromEntries(deeds),
    history: [
      'created null → 0: done',
      `scaled 0 → ${peak}: done`,
      ...(rest === peak ? [] : [`scaled ${peak} → ${rest}: done`]),
    ],
    lost: Object.fromEntries(
      ordinals.slice(rest).map((ordinal) => [`-disk-${ordinal}`, '1 row, before it went']),
    ),
  };
}

/** A status with nothing to complain of. */
export const healthy: Health = {
  recorder: { lag: 0 },
  log: { reached: true },
  book: { brokenLineages: 0 },
  held: [],
  quarantined: [],
};
