import type { Kind, SetKind } from '#shared/contract/kinds.ts';
import type { Purpose } from '#shared/contract/commands.ts';
import type { ResourceVersion, Shard } from '#shared/contract/ids.ts';
import type { Writer } from '#shared/contract/objects.ts';
import type { Attributed } from '#shared/contract/records.ts';
import type { Manner } from './manner.ts';

/* What the fold derives from the log. Times are log time, milliseconds since 1970. */

/** A set, as entries and rows name it. */
export type SetName = {
  readonly kind: SetKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
};

/** One line of the book; its place in the chain is given when it is sealed. */
export type Entry = {
  readonly sequence: number;
  readonly at: number;
  readonly streamSequence: number;
  /** Counts the entries of one message, from 0. */
  readonly part: number;
  readonly kind: EntryKind;
  /** Canonical JSON. */
  readonly body: string;
};

export type EntryKind =
  | 'size-changed'
  | 'set-changed'
  | 'member-joined'
  | 'member-left'
  | 'member-lost'
  | 'operation-ended'
  | 'opened'
  | 'decided'
  | 'held'
  | 'settled'
  | 'disk-going'
  | 'disk-gone'
  | 'attributed'
  | 'poison'
  | 'rewound'
  | 'lineage-broken';

export type Operation = 'created' | 'found' | 'scaled' | 'member-replaced' | 'deleted';

/** How sure the book is of an actor. */
export type Grade = 'proven' | 'corroborated' | 'inferred' | 'unknown';

/** `superseded`: overtaken by a later change before it was reached. */
export type OperationOutcome = 'running' | 'held' | 'done' | 'superseded';

/** Who did it, and how that is known. */
export type Attribution = {
  readonly actor?: string;
  readonly grade: Grade;
  readonly how: string;
};

/** What is known of a change itself, to judge by who may have made it. */
export type Evidence = {
  /** Who did it, as far as is known without any source. */
  readonly otherwise: Attribution;
  /** Who owns spec.replicas in the version seen. */
  readonly writer?: Writer;
  /** The version that was known before. */
  readonly after?: ResourceVersion;
  /** Changes of the spec between both versions that were not seen. */
  readonly missed?: number;
  /** When the object was deleted, as its last version says. */
  readonly deletedAt?: string;
  /** Of the version seen. */
  readonly generation?: number;
};

export type Activity = Attribution & {
  /** Sequence of the entry that opened it. */
  readonly id: number;
  readonly set: SetName;
  readonly operation: Operation;
  readonly from?: number;
  readonly to?: number;
  readonly member?: string;
  readonly oldUid?: string;
  readonly newUid?: string;
  readonly at: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly outcome: OperationOutcome;
  readonly reason?: string;
  readonly gap: boolean;
  /** The write that began it, as `writeOf` names it; absent where no write is known. */
  readonly write?: string;
  readonly evidence?: Evidence;
};

/** As much of an operation as tells who may have begun it. */
export type Begun = Pick<Activity, 'operation' | 'gap' | 'at'> & {
  readonly write?: string | undefined;
  readonly to?: number | undefined;
  readonly evidence: Evidence;
};

/** What a source says of who made one write. */
export type Testimony = {
  /** Sequence of its entry. */
  readonly entry: number;
  /** The write that it is about, as `writeOf` names it. */
  readonly write: string;
  readonly record: Attributed;
  /** Log time. */
  readonly at: number;
};

/** `kept`: the command that endangered it came to nothing, or its member goes without it. */
export type VolumeState = 'at risk' | 'gone' | 'kept';

export type Named = { readonly name: string; readonly uid?: string };

export type DeletedVolume = {
  /** Uid of the claim, or of the DataVolume while there is no claim yet. */
  readonly key: string;
  readonly claim?: Named;
  readonly dataVolume?: Named;
  readonly volume?: Named;
  readonly storageClass?: string;
  readonly size?: string;
  readonly set: SetName;
  readonly member?: Named;
  readonly ordinal?: number;
  readonly cause: string;
  readonly because?: string;
  /** Sequence of the decision in the log. */
  readonly decision?: number;
  /** The newest command that endangers it. */
  readonly effect?: string;
  /** A deletion that takes it was carried out, by a command of ours or by others. */
  readonly applied: boolean;
  readonly activity?: number;
  readonly goneAt?: number;
  readonly state: VolumeState;
};

/** What the book knows of one object, living or gone. */
export type Holding = {
  readonly uid: string;
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly shard: Shard;
  /** Uid of the controlling owner. */
  readonly owner?: string;
  readonly resourceVersion: ResourceVersion;
  readonly createdAt: number;
  readonly deleting: boolean;
  /** metadata.deletionTimestamp; only of a version that was seen since the start. */
  readonly deletedAt?: string;
  readonly goneAt?: number;
  /** Sets: wanted size and generation. */
  readonly wanted?: number;
  readonly generation?: number;
  readonly manner?: Manner;
  /** It is paused: nobody keeps its size. */
  readonly rests?: boolean;
  /** Members. */
  readonly ordinal?: number;
  /** A VMI that has ended, and so no longer counts. */
  readonly final?: boolean;
  readonly claims?: readonly string[];
  /** Why a command takes it away, and which. */
  readonly purpose?: Purpose;
  readonly purposeEffect?: string;
  /** It was carried out. */
  readonly isCarriedOut?: boolean;
  /** Disks. */
  readonly storageClass?: string;
  readonly size?: string;
  /** Name of the volume of a claim. */
  readonly volumeName?: string;
};

/** A row that stays in the book though the fold goes on without it: the cluster was set back. */
export type Voidable<Row> = Row & { readonly isVoid?: true };

export type Hold = {
  readonly set: SetName;
  /** Absent when the hold is over. */
  readonly reason?: string;
  readonly because: string;
  readonly since: number;
};

export type TakeOver = {
  readonly shard: Shard;
  readonly epoch: number;
  readonly lineage: string;
  readonly holder: string;
  readonly codeVersion: string;
  readonly at: number;
};

/** A kind that is surveyed in a shard. */
export type SurveyRow = {
  readonly shard: string;
  readonly kind: string;
  /** Sequence at which the newest survey that came to a whole end began; 0 while none has. */
  readonly wholeSince: number;
};

export type PoisonRow = {
  readonly streamSequence: number;
  readonly part: number;
  readonly shard: string;
  readonly family: string;
  readonly namespace?: string;
  readonly problem: string;
  readonly at: number;
};
