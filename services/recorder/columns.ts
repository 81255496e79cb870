import type { BookTables } from '#shared/store/tables.ts';

/** How rows of a derived table travel: the table, its key, and name and type of each column written. */
export type Columns = {
  readonly table: keyof BookTables;
  readonly key: readonly string[];
  readonly types: Readonly<Record<string, string>>;
  /** A further assignment for a row that is there already; `kept` is that row. */
  readonly stamp?: string;
};

export const holding: Columns = {
  table: 'book.holding',
  key: ['uid'],
  types: {
    uid: 'text',
    kind: 'text',
    namespace: 'text',
    name: 'text',
    shard: 'text',
    owner_uid: 'text',
    resource_version: 'text',
    created_at: 'timestamptz',
    deleting: 'boolean',
    gone_at: 'timestamptz',
    wanted: 'integer',
    generation: 'bigint',
    ordinal: 'integer',
    final: 'boolean',
    claims: 'text[]',
    purpose: 'text',
    purpose_effect: 'text',
    purpose_applied: 'boolean',
    manner: 'text',
    rests: 'boolean',
    storage_class: 'text',
    size: 'text',
    volume_name: 'text',
    voided: 'boolean',
  },
};

export const activity: Columns = {
  table: 'book.activity',
  key: ['id'],
  types: {
    id: 'bigint',
    set_kind: 'text',
    namespace: 'text',
    set_name: 'text',
    set_uid: 'text',
    operation: 'text',
    from_size: 'integer',
    to_size: 'integer',
    member: 'text',
    old_uid: 'text',
    new_uid: 'text',
    at: 'timestamptz',
    actor: 'text',
    grade: 'text',
    how: 'text',
    started_at: 'timestamptz',
    finished_at: 'timestamptz',
    outcome: 'text',
    reason: 'text',
    gap: 'boolean',
    write: 'text',
    evidence: 'text',
  },
};

export const attribution: Columns = {
  table: 'book.attribution',
  key: ['entry'],
  types: {
    entry: 'bigint',
    write: 'text',
    at: 'timestamptz',
    source: 'text',
    id: 'text',
    verb: 'text',
    subresource: 'text',
    kind: 'text',
    namespace: 'text',
    name: 'text',
    uid: 'text',
    resource_version: 'text',
    replicas: 'integer',
    actor: 'text',
    impersonator: 'text',
    groups: 'text[]',
    user_agent: 'text',
    received_at: 'timestamptz',
    answered_at: 'timestamptz',
    manager: 'text',
    asked: 'integer',
    bound_to: 'text',
    deleted_at: 'timestamptz',
    voided: 'boolean',
  },
};

export const volume: Columns = {
  table: 'book.deleted_volume',
  key: ['key'],
  types: {
    key: 'text',
    namespace: 'text',
    claim: 'text',
    claim_uid: 'text',
    data_volume: 'text',
    data_volume_uid: 'text',
    volume: 'text',
    volume_uid: 'text',
    storage_class: 'text',
    size: 'text',
    set_kind: 'text',
    set_name: 'text',
    set_uid: 'text',
    member: 'text',
    member_uid: 'text',
    ordinal: 'integer',
    cause: 'text',
    because: 'text',
    decision: 'bigint',
    effect: 'text',
    applied: 'boolean',
    activity: 'bigint',
    gone_at: 'timestamptz',
    state: 'text',
    voided: 'boolean',
  },
  // The first time stands while the cause does: a disk that is endangered by another decision, or goes
  // after all without one, is recorded anew.
  stamp: `recorded_at = case when kept.decision is distinct from excluded.decision
    then clock_timestamp() else kept.recorded_at end`,
};

export const hold: Columns = {
  table: 'book.hold',
  key: ['set_uid'],
  types: {
    set_uid: 'text',
    set_kind: 'text',
    namespace: 'text',
    set_name: 'text',
    reason: 'text',
    because: 'text',
    since: 'timestamptz',
  },
};

export const takeOver: Columns = {
  table: 'book.take_over',
  key: ['shard'],
  types: {
    shard: 'text',
    epoch: 'bigint',
    lineage: 'text',
    holder: 'text',
    code_version: 'text',
    at: 'timestamptz',
  },
};

export const survey: Columns = {
  table: 'book.survey',
  key: ['shard', 'kind'],
  types: { shard: 'text', kind: 'text', turn: 'integer', whole_since: 'bigint' },
};

export const poison: Columns = {
  table: 'book.poison',
  key: ['turn', 'stream_sequence', 'part'],
  types: {
    turn: 'integer',
    stream_sequence: 'bigint',
    part: 'integer',
    shard: 'text',
    family: 'text',
    namespace: 'text',
    problem: 'text',
    at: 'timestamptz',
  },
};
