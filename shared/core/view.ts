import type { Command, Purpose } from '#shared/contract/commands.ts';
import type { EffectId, Family, ResourceVersion, Shard, Uid } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Observable, TemplateDigest } from '#shared/contract/objects.ts';
import type { LogRecord, Settled } from '#shared/contract/records.ts';
import type { Refusal, SlowStart } from './refusals.ts';

/**
 * What is known of one shard: the fold of its records. The view belongs to whoever folds it, and changes
 * in place; everyone else only reads it. Two views of the same records answer alike, whatever order
 * their maps iterate in, because every reader that lets order matter sorts.
 */
export type View = {
  readonly shard: Shard;
  readonly lineage: string;
  /** Sequence of the newest entry folded; 0 before the first. */
  sequence: number;
  /** Log time of the first entry folded, milliseconds since 1970. */
  bornAt: number;
  /** Log time of the newest entry folded. */
  now: number;
  /** Sequence of the newest `opened`; 0 while nobody has taken the shard over. */
  epoch: number;
  /** Tells this epoch from another of the same number, in a log that was set back since; '' before. */
  run: string;
  /** Number of the newest plan of this epoch. */
  plan: number;
  /** The log's oldest records had aged out when its fold began: what they said is not in the view. */
  readonly hasGap: boolean;
  /** Log time until which nothing is destroyed, because of such a gap; 0 without one. */
  carefulUntil: number;
  readonly objects: Map<Uid, Observable>;
  /** By kind, namespace and name. Nested, because joining names into keys costs as much as the rest. */
  readonly named: Map<Kind, Map<string, Map<string, Named>>>;
  /** By uid of the controller that owns them. */
  readonly owned: Map<Uid, Set<Uid>>;
  /** By namespace: VMs with the pool finalizer, and VMIs, that nobody controls. */
  readonly loose: Map<string, Set<Uid>>;
  /** Living sets by namespace. */
  readonly sets: Map<string, Set<Uid>>;
  /** Pools by namespace and name of a dataVolumeTemplate. */
  readonly stems: Map<string, Set<Uid>>;
  /** VMs by namespace and name of a DataVolume that they make. */
  readonly makers: Map<string, Set<Uid>>;
  /** Uids that are gone for good, with the log time of that; forgotten after a day. */
  readonly vanished: Map<Uid, number>;
  readonly kinds: Map<Kind, KindView>;
  /** Sequence of the newest unreadable record, by namespace; '' stands for the whole shard. */
  readonly poisoned: Map<string, number>;
  readonly pending: Map<EffectId, Pending>;
  /** Pending commands by the uid that they wait to see. */
  readonly awaited: Map<Uid, Set<EffectId>>;
  /** Pending creates by kind, namespace and name. */
  readonly coming: Map<string, Set<EffectId>>;
  /** Pending creates by namespace and name of a disk that the new VM makes. */
  readonly claiming: Map<string, Set<EffectId>>;
  readonly memories: Map<Uid, Memory>;
};

/** Who has a name: an old object and its successor may share it for a while. */
export type Named = Uid | readonly Uid[];

/** What is known of one kind in this shard. */
export type KindView = {
  readonly uids: Set<Uid>;
  /** Absence is proven: the last survey closed well and none is open. */
  synced: boolean;
  /** Log time at which `synced` last changed. */
  since: number;
  /** Newest version seen of any object of the kind. */
  highest: ResourceVersion | undefined;
  open: OpenSurvey | undefined;
  closed: ClosedSurvey | undefined;
  /** Version of a list that was older than what was known; undefined once a list was taken. */
  refused: ResourceVersion | undefined;
};

export type OpenSurvey = {
  readonly id: string;
  readonly beganAt: number;
  /** Newest version known when the survey began: a list older than this is refused. */
  readonly floor: ResourceVersion | undefined;
  readonly seen: Set<Uid>;
};

export type ClosedSurvey = {
  readonly resourceVersion: ResourceVersion;
  /** Sequence of its `survey-began`. */
  readonly beganAt: number;
  /** The kind was not served, and none of it was known: none is there to act on, but that proves no end. */
  readonly unserved?: true;
  /** Namespaces in which records of it were lost: what it lacks of those may stand all the same. */
  readonly lost?: readonly string[];
};

/** A command of ours whose effect is not yet seen and not certainly refused. */
export type Pending = {
  readonly command: Command;
  readonly set: Uid;
  readonly namespace: string;
  /** Sequence of the plan that it stands in. */
  readonly decidedAt: number;
  /** Generation of the set in the plan. */
  readonly generation: number;
  readonly template: TemplateDigest | undefined;
  /** Names of disks that a new VM will make. */
  readonly makes: readonly string[];
  /** The first outcome; later ones change nothing. */
  outcome: Settled | undefined;
  /** Sequence of that outcome; 0 before it. */
  settledAt: number;
  /** A later plan has called it back; it stays pending until the executor says what became of it. */
  withdrawn: boolean;
};

/** What has to be remembered of a set and that the cluster cannot tell. */
export type Memory = {
  readonly pending: Set<EffectId>;
  held: { readonly reason: string; readonly because: string; noticed: boolean } | undefined;
  /** The last advice in canonical form, so that it is given once. */
  advice: string | undefined;
  readonly refusals: Map<string, Refusal>;
  slowStart: SlowStart | undefined;
  /** Replicas as last observed. */
  desired: number | undefined;
  /** Replicas before they were lowered, while removals are still owed to that. */
  loweredFrom: number;
  /** Members that may go because replicas was lowered and that have not been chosen yet. */
  explained: number;
  /** Members that a decision of ours destroyed, or let go. */
  readonly destroyed: Map<Uid, Destroyed>;
  /** Under which purpose a member was deleted by us: freeing it follows the same one. */
  readonly purposes: Map<Uid, Purpose>;
  /** Members whose disks outlive them, by the policy under which they went: freeing comes after that. */
  readonly keeps: Set<Uid>;
  /** Members of a set that is being deleted, whose disks the book has been told of. */
  readonly freed: Set<Uid>;
  /** Log times of literal Kubernetes events, by reason. */
  readonly notices: Map<string, readonly number[]>;
  /** Log time of the last status write. */
  statusAt: number | undefined;
  /** Log time when KubeVirt's controller was last seen to write a status that had been ours. */
  contestedAt: number | undefined;
  /** Generation at which the template was last seen to change. */
  templateChangedAt: number | undefined;
  /** Status fields that the cluster's CRD does not keep. */
  pruned: ReadonlySet<string>;
  /** The api-version annotations have been written once. */
  marked: boolean;
};

/** `explained`: lower replicas account for it, so it does not count as mass deletion. */
export type Destroyed = {
  readonly at: number;
  readonly explained: boolean;
  readonly effect: EffectId;
  /** It was one that did not start. */
  readonly heals?: true;
};

/** One message of the log, as the fold takes it. */
export type Entry = {
  readonly sequence: number;
  /** Log time, milliseconds since 1970. */
  readonly at: number;
  readonly family: Family;
  readonly records: readonly LogRecord[];
  readonly poison: readonly Poison[];
};

/** A record that could not be read. */
export type Poison = {
  readonly index?: number;
  readonly namespace?: string;
  readonly problem: string;
};

/** The view of a shard of which nothing is known yet; `hasGap` when the log begins in the middle. */
export function emptyView(shard: Shard, lineage: string, hasGap = false): View {
  return {
    shard,
    lineage,
    sequence: 0,
    bornAt: 0,
    now: 0,
    epoch: 0,
    run: '',
    plan: 0,
    hasGap,
    carefulUntil: 0,
    objects: new Map(),
    named: new Map(),
    owned: new Map(),
    loose: new Map(),
    sets: new Map(),
    stems: new Map(),
    makers: new Map(),
    vanished: new Map(),
    kinds: new Map(),
    poisoned: new Map(),
    pending: new Map(),
    awaited: new Map(),
    coming: new Map(),
    claiming: new Map(),
    memories: new Map(),
  };
}

/** What is remembered of a set of which nothing is remembered yet. */
export function emptyMemory(): Memory {
  return {
    pending: new Set(),
    held: undefined,
    advice: undefined,
    refusals: new Map(),
    slowStart: undefined,
    desired: undefined,
    loweredFrom: 0,
    explained: 0,
    destroyed: new Map(),
    purposes: new Map(),
    keeps: new Set(),
    freed: new Set(),
    notices: new Map(),
    statusAt: undefined,
    contestedAt: undefined,
    templateChangedAt: undefined,
    pruned: new Set(),
    marked: false,
  };
}
