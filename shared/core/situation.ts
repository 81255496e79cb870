import { effectId, type EffectId } from '#shared/contract/ids.ts';
import type { Command, Verb } from '#shared/contract/commands.ts';
import type { ScaledSet, TemplateDigest } from '#shared/contract/objects.ts';
import type { Balance, Decided, Moment } from '#shared/contract/records.ts';
import type { SpecProblem } from './spec-problem.ts';
import type { Memory, Pending, View } from './view.ts';

/** Everything that the concerns of one set look at. */
export type Situation<S extends ScaledSet = ScaledSet> = {
  readonly view: View;
  readonly set: S;
  readonly memory: Memory;
  readonly moment: Moment;
  readonly mode: 'advise' | 'manage';
  readonly paused: boolean;
  readonly problem: SpecProblem | undefined;
  /** Pending commands of the set, oldest first. */
  readonly pending: readonly Pending[];
};

/** Why a set that ought to act may not. */
export type Hold = { readonly reason: string; readonly because: string };

/** What keeps the wanted size from being reached, for the condition ReplicaFailure. */
export type Trouble = { readonly reason: string; readonly message: string };

/** What one concern has to say. `act` has something to do; `pass` yields to the next concern. */
export type Step = (Act | Pass) & {
  readonly hold?: Hold | undefined;
  readonly trouble?: Trouble | undefined;
  /** Log time at which to ask again though nothing else happens. */
  readonly wakeAt?: number | undefined;
};

export type Act = {
  readonly type: 'act';
  readonly because: string;
  readonly commands: readonly Command[];
  readonly template?: TemplateDigest;
} & Pick<Decided, 'withdraws' | 'candidates' | 'vetoes'>;

export type Pass = {
  readonly type: 'pass';
  /** Present when there would be something to do. */
  readonly because?: string;
};

/** What a pool or a replica set makes of its situation. */
export type Round = {
  readonly steps: readonly Step[];
  readonly balance: Balance;
  readonly holds: readonly Hold[];
  /** Conditions beside those for trouble, pauses and holds. */
  readonly conditions: readonly StandingCondition[];
  readonly counts: StatusCounts;
};

/** A condition as it holds now, without the time since when. */
export type StandingCondition = {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
};

/** A member that a decision weighed. */
export type Candidate = NonNullable<Decided['candidates']>[number];

/** The numbers of a status; those that cannot be known are absent. */
export type StatusCounts = {
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly updatedReplicas?: number;
  readonly currentRevision?: string;
  readonly updateRevision?: string;
  /** Log time at which they change though nothing happens. */
  readonly wakeAt?: number;
};

/** Id of the next plan's command at an index. */
export function effectAt({ view }: Situation, index: number): EffectId {
  const { lineage, epoch, run, plan } = view;
  return effectId(lineage, { epoch, run, plan: plan + 1 }, index);
}

/** How many commands the next plan may hold. */
export function roomOf({ moment, pending }: Situation): number {
  const { limits } = moment;
  return Math.max(0, Math.min(limits.burst, limits.pending - pending.length));
}

/** Whether a command of that verb is on its way. */
export function isPending({ pending }: Situation, verb: Verb): boolean {
  return pending.some(({ command }) => command.verb === verb);
}

export const nothing: Step = { type: 'pass' };
