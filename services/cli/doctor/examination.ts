import type { RawObject } from '#shared/cluster/cluster.ts';
import type { Mode } from '#shared/contract/words.ts';
import type { Leftover } from '../leftover-disks.ts';
import type { LiveSet } from '../live-sets.ts';

/** What was asked, or why there is no answer, as a clause for people. */
export type Asked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

/** Everything that the checks look at; they themselves ask nobody. */
export type Examination = {
  readonly now: Date;
  /** How the reconciler says that it was started, else how `npm start` did; undefined where nobody says it. */
  readonly mode: Mode | undefined;
  readonly kubevirtControllers: 'running' | 'off' | undefined;
  readonly sets: Asked<readonly LiveSet[]>;
  /** The KubeVirt objects of the cluster: one, or none. */
  readonly kubevirts: Asked<readonly RawObject[]>;
  readonly autoscalers: Asked<readonly RawObject[]>;
  readonly budgets: Asked<readonly RawObject[]>;
  /** virt-launcher pods. */
  readonly launchers: Asked<readonly RawObject[]>;
  readonly leftovers: Asked<readonly Leftover[]>;
  readonly rights: Asked<readonly Right[]>;
  readonly log: Asked<LogHealth>;
  readonly book: Asked<BookHealth>;
  readonly audit: Asked<AuditTrail>;
};

/** A right, and whether whoever needs it has it. */
export type Right = {
  readonly who: string;
  /** For people: `list virtualmachinepools`. */
  readonly what: string;
  readonly needs: string;
  readonly allowed: boolean;
};

export type LogHealth = {
  readonly lazy: string | undefined;
  /** Services that ought to hold a lease and do not. */
  readonly away: readonly string[];
};

export type BookHealth = {
  /** Sessions of recorders: the one that writes, and those that stand by. */
  readonly recorders: number;
};

export type AuditTrail = {
  /** When a source told last who did something; undefined when none ever has. */
  readonly toldAt: Date | undefined;
  /** The newest operation that a write of somebody began. */
  readonly operatedAt: Date | undefined;
};

export type Finding = {
  readonly level: 'ok' | 'warn' | 'fail';
  /** What it is about, where that is not the whole installation. */
  readonly about?: string;
  readonly found: string;
  /** What to do; absent where all is well. */
  readonly remedy?: string;
};

/** One check: a name, and what it makes of what was seen. */
export type Check = {
  readonly name: string;
  readonly judge: (seen: Examination) => readonly Finding[];
};

/** What helps where the cluster, the broker or the database does not answer. */
export const reaching = {
  cluster: 'ask with a kubeconfig that may look (--kubeconfig)',
  broker:
    'see that NATS runs, and that natsUrl and natsMonitorUrl of cli.json lead there; on a cluster by kubectl port-forward',
  book: 'see that Postgres runs, and that databaseUrl of cli.json leads there; on a cluster by kubectl port-forward',
} as const;

/** What could not be looked at is no failure, and is told. */
export function unseen(problem: string, remedy: string = reaching.cluster): readonly Finding[] {
  return [{ level: 'warn', found: `not checked: ${problem}`, remedy }];
}

/** The troubles, or that there are none. */
export function orFine(troubles: readonly Finding[], fine: string): readonly Finding[] {
  return troubles.length > 0 ? troubles : [{ level: 'ok', found: fine }];
}

/** As what a set is treated; undefined when neither it nor anybody says it. */
export function modeOf(set: LiveSet, { mode }: Examination): Mode | undefined {
  return set.mode ?? mode;
}
