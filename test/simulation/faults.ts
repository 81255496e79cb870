import type { Random } from './random.ts';

/** Everything that can go wrong by chance, and how likely at most at each opportunity. */
export const faultRates = {
  'executor crashes before a call': 0.02,
  'executor crashes after a call': 0.02,
  'executor crashes before an outcome is stored': 0.02,
  'reconciler crashes before an append': 0.02,
  'reconciler crashes after an append': 0.02,
  'watcher crashes': 0.0005,
  'recorder crashes': 0.003,
  'request lost': 0.1,
  'answer lost': 0.1,
  'effect comes late': 0.05,
  'error before the effect': 0.1,
  'error after the effect': 0.1,
  conflict: 0.1,
  invalid: 0.1,
  quota: 0.1,
  throttled: 0.1,
  'slow call': 0.05,
  'watch closed': 0.05,
  'watch reset': 0.05,
  'watch gone': 0.03,
  'watch silent': 0.01,
  'watch late': 0.05,
  'watch rewound': 0.05,
  'fact told twice': 0.1,
  'old fact told again': 0.1,
  'ack lost': 0.2,
  'append lost': 0.2,
  'reader late': 0.02,
} as const;

/** Faults that last a while; the number is how many of them one history has at most. */
export const episodeCounts = {
  'two watchers': 2,
  'two reconcilers': 2,
  'two executors': 2,
  'recorder away': 2,
  'database away': 2,
  'kind not served': 2,
  'database lost its tail': 2,
  'log set back': 2,
  'log emptied': 1,
  'log made anew': 1,
} as const;

/** They change so much that other faults would show less: few seeds have one. */
const rareFaults: ReadonlySet<FaultName> = new Set([
  'log set back',
  'log emptied',
  'log made anew',
]);

export type ChanceFault = keyof typeof faultRates;
export type Episode = keyof typeof episodeCounts;
export type FaultName = ChanceFault | Episode;

export const faultNames: readonly FaultName[] = [...namesOf(faultRates), ...namesOf(episodeCounts)];

function namesOf<T extends object>(record: T): readonly (keyof T & string)[] {
  const names: (keyof T & string)[] = [];
  for (const name in record) names.push(name);
  return names;
}

export interface Faults {
  /** Whether the fault happens now; never once the faults are over. */
  strikes(fault: ChanceFault, random: Random, where: string): boolean;
  /** How many episodes of a kind this history has. */
  episodes(fault: Episode): number;
  over(): void;
  readonly isOver: boolean;
  readonly enabled: readonly FaultName[];
}

export type FaultParts = {
  readonly random: Random;
  /** Faults that are left out though the seed has them: for finding the shortest history. */
  readonly without: ReadonlySet<FaultName>;
  /** Only these, always on; for tests that are about one fault. */
  readonly only: readonly FaultName[] | undefined;
  readonly tell: (fault: FaultName, where: string) => void;
};

/** A seed has about a third of all faults, each at a rate of its own: swarms find what averages hide. */
export function createFaults({ random, without, only, tell }: FaultParts): Faults {
  const isCalm = random.chance(0.05);
  const rates = new Map<FaultName, number>();
  for (const name of faultNames) {
    const own = random.fork(name);
    const drawn = !isCalm && own.chance(rareFaults.has(name) ? 0.06 : 0.35);
    const isOn = (only === undefined ? drawn : only.includes(name)) && !without.has(name);
    if (isOn) rates.set(name, 0.1 + 0.9 * own.next() ** 2);
  }
  let isOver = false;
  return {
    enabled: [...rates.keys()],
    get isOver() {
      return isOver;
    },
    over: () => {
      isOver = true;
    },
    strikes(fault, own, where) {
      const share = rates.get(fault);
      // Drawn in any case, so that leaving one fault out moves the others as little as possible.
      const hit = own.chance((share ?? 0) * faultRates[fault]);
      if (!hit || isOver) return false;
      tell(fault, where);
      return true;
    },
    episodes: (fault) => (rates.has(fault) ? episodeCounts[fault] : 0),
  };
}
