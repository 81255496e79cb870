import type { FaultName } from './faults.ts';
import type { Deed } from './human.ts';
import type { Mutation } from './pipeline.ts';
import type { SetPlan } from './sets.ts';
import type { Interference, SieveReport } from './sieve.ts';

/** What people do in a scripted history. */
export type Act =
  | { readonly type: 'make' | 'scale'; readonly replicas: number }
  | { readonly type: 'delete' }
  /** Its finalizer is taken off by hand, so that it is gone at once and its members are not. */
  | { readonly type: 'delete by force' }
  /** What becomes of the disks of machines that scale-in removes. */
  | { readonly type: 'decide on disks'; readonly policy: 'keep' | 'delete' }
  | Loss;

/**
 * With the next removal that the server has carried out, log and snapshots are lost and the policy becomes
 * this one. What hung on the machine is to stay.
 */
export type Loss = {
  readonly type: 'lose everything';
  readonly policy: 'keep' | 'delete';
};

/** Acts on the first of the planned sets, each once the world is at rest after the one before. */
export type Script = {
  readonly acts: readonly Act[];
  readonly interference?: Interference;
};

export type SimulationOptions = {
  readonly seed: number;
  /** Production as it is when absent. */
  readonly mutation?: Mutation;
  readonly without?: ReadonlySet<FaultName>;
  readonly only?: readonly FaultName[] | undefined;
  /** Places of deeds that people leave undone. */
  readonly undone?: ReadonlySet<number>;
  /** Instead of those that the seed would have. */
  readonly plans?: readonly SetPlan[];
  readonly deeds?: readonly Deed[];
  /** Instead of all that people would do by chance. */
  readonly script?: Script;
  /** Hashes everything that happens. */
  readonly hashes?: boolean;
  /** Decides everything once more and compares views; true when absent. */
  readonly replays?: boolean;
};

export type Report = {
  readonly seed: number;
  readonly steps: number;
  readonly virtualMs: number;
  readonly violations: readonly string[];
  readonly history: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly faults: readonly FaultName[];
  readonly deeds: number;
  /** Of a scripted history. */
  readonly sieved?: SieveReport;
  /** Of the log and of the store's changes. */
  readonly hash: string;
};
