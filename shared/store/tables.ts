import type { Generated } from 'kysely';

/**
 * The rows of schema `book`, as they come back: int8 is a number (see open-store), timestamptz a Date.
 * The tables are written through json_to_recordset and unnest, so these types are for reading.
 */
export type EntryRow = {
  readonly sequence: number;
  readonly at: Date;
  readonly recorded_at: Date;
  readonly turn: number;
  readonly lineage: string;
  readonly stream_sequence: number;
  readonly part: number;
  readonly kind: string;
  readonly body: string;
  readonly previous_hash: string;
  readonly hash: string;
};

export type PositionRow = {
  readonly one: boolean;
  readonly lineage: string;
  readonly sequence: number;
  readonly hash: string | null;
  readonly turn: number;
  readonly chain_sequence: number;
  readonly chain_hash: string;
  readonly began_at: Date | null;
  readonly at: Date | null;
  readonly surveys_from: number | null;
  readonly updated_at: Date;
};

export type ActivityRow = {
  readonly id: number;
  readonly set_kind: string;
  readonly namespace: string;
  readonly set_name: string;
  readonly set_uid: string;
  readonly operation: string;
  readonly from_size: number | null;
  readonly to_size: number | null;
  readonly member: string | null;
  readonly old_uid: string | null;
  readonly new_uid: string | null;
  readonly at: Date;
  readonly actor: string | null;
  readonly grade: string;
  readonly how: string;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly gap: boolean;
};

/** What a source said of who made one write. */
export type AttributionRow = {
  /** Sequence of its entry. */
  readonly entry: number;
  readonly write: string;
  /** Log time. */
  readonly at: Date;
  readonly source: string;
  readonly id: string;
  readonly verb: string;
  readonly subresource: string | null;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resource_version: string | null;
  readonly replicas: number | null;
  readonly actor: string;
  readonly impersonator: string | null;
  readonly groups: readonly string[];
  readonly user_agent: string | null;
  readonly received_at: Date;
  readonly answered_at: Date;
  readonly manager: string | null;
  readonly asked: number | null;
  readonly bound_to: string | null;
  readonly deleted_at: Date | null;
};

/** A disk as the table keeps it. */
export type VolumeColumns = {
  readonly namespace: string;
  readonly claim: string | null;
  readonly claim_uid: string | null;
  readonly data_volume: string | null;
  readonly data_volume_uid: string | null;
  readonly volume: string | null;
  readonly volume_uid: string | null;
  readonly storage_class: string | null;
  readonly size: string | null;
  readonly set_kind: string;
  readonly set_name: string;
  readonly set_uid: string;
  readonly member: string | null;
  readonly member_uid: string | null;
  readonly ordinal: number | null;
  readonly cause: string;
  readonly because: string | null;
  readonly decision: number | null;
  readonly effect: string | null;
  readonly activity: number | null;
  readonly recorded_at: Date;
  readonly gone_at: Date | null;
  readonly state: string;
};

/** A disk as readers see it. */
export type DeletedVolumeRow = VolumeColumns & {
  /** Given when the row was made, and never changed: the order of the rows. */
  readonly number: number;
  /** Who caused it: of the operation it belongs to, else of the deletion of the disk itself. */
  readonly actor: string | null;
  readonly grade: string;
  readonly how: string;
};

export type HoldingRow = {
  readonly uid: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly shard: string;
  readonly owner_uid: string | null;
  readonly resource_version: string;
  readonly created_at: Date;
  readonly deleting: boolean;
  readonly gone_at: Date | null;
  readonly wanted: number | null;
  readonly generation: number | null;
  readonly ordinal: number | null;
  readonly final: boolean | null;
  readonly claims: readonly string[] | null;
  readonly purpose: string | null;
  readonly purpose_effect: string | null;
  readonly purpose_applied: boolean | null;
  /** JSON. */
  readonly manner: string | null;
  readonly storage_class: string | null;
  readonly size: string | null;
  readonly volume_name: string | null;
};

/** A disk that is deleted with its machine; both null for a machine without one. */
export type MemberDiskRow = {
  readonly set_uid: string;
  readonly member: string;
  readonly ordinal: number | null;
  readonly created_at: Date;
  readonly disk: string | null;
  readonly size: string | null;
};

export type HoldRow = {
  readonly set_uid: string;
  readonly set_kind: string;
  readonly namespace: string;
  readonly set_name: string;
  readonly reason: string;
  readonly because: string;
  readonly since: Date;
};

export type TakeOverRow = {
  readonly shard: string;
  readonly epoch: number;
  readonly lineage: string;
  readonly holder: string;
  readonly code_version: string;
  readonly at: Date;
};

export type PoisonRow = {
  readonly turn: number;
  readonly stream_sequence: number;
  readonly part: number;
  readonly shard: string;
  readonly family: string;
  readonly namespace: string | null;
  readonly problem: string;
  readonly at: Date;
};

export type SurveyRow = {
  readonly shard: string;
  readonly kind: string;
  readonly turn: number;
  readonly whole_since: number;
};

export type SetRow = {
  readonly set_uid: string;
  readonly set_kind: string;
  readonly namespace: string;
  readonly set_name: string;
  readonly wanted: number | null;
  readonly deleting: boolean;
  readonly gone_at: Date | null;
  readonly generation: number | null;
  readonly created_at: Date;
  /** Members that exist, and those of them that are neither terminating nor ended. */
  readonly members: number;
  readonly active: number;
  readonly hold_reason: string | null;
  readonly hold_because: string | null;
  readonly held_since: Date | null;
};

/** Of a time that is void, because the cluster was set back. */
type Voidable = { readonly voided: Generated<boolean> };

/** Tables, and the views that the readers' roles may select from. */
export type BookTables = {
  readonly 'book.entry': EntryRow;
  readonly 'book.position': PositionRow;
  readonly 'book.activity': ActivityRow & {
    readonly write: string | null;
    /** JSON. */
    readonly evidence: string | null;
  };
  readonly 'book.attribution': AttributionRow & Voidable;
  readonly 'book.deleted_volume': VolumeColumns &
    Voidable & {
      readonly key: string;
      readonly applied: boolean;
      readonly number: number;
    };
  readonly 'book.holding': HoldingRow & Voidable & { readonly rests: Generated<boolean | null> };
  readonly 'book.hold': HoldRow;
  readonly 'book.take_over': TakeOverRow;
  readonly 'book.poison': PoisonRow;
  readonly 'book.survey': SurveyRow;
  readonly 'book.entries': EntryRow;
  readonly 'book.history': ActivityRow;
  readonly 'book.deleted_volumes': DeletedVolumeRow;
  readonly 'book.attributions': AttributionRow;
  readonly 'book.standing': Omit<PositionRow, 'one' | 'hash' | 'surveys_from'>;
  readonly 'book.sets': SetRow;
  readonly 'book.disks_of_members': MemberDiskRow;
  readonly 'book.holds': HoldRow;
  readonly 'book.take_overs': TakeOverRow;
  readonly 'book.quarantined': Omit<PoisonRow, 'turn'> & {
    /** Stops destruction in its namespace, or its shard, until the next whole survey. */
    readonly blocks: boolean;
  };
  readonly 'book.position_of_recorder': {
    readonly lineage: string;
    readonly sequence: number;
    readonly hash: string | null;
  };
};
