import type { Attributed } from '#shared/contract/records.ts';

/** Why a delivery, or a part of it, told nothing that can be used. */
export type Useless =
  /** not the completed stage of a request that succeeded */
  | 'not done'
  /** only tried, with dryRun */
  | 'dry run'
  /** of a kind, subresource or verb that nobody asks about */
  | 'not ours'
  /** without the uid and version that the write made: the source tells too little */
  | 'unjoinable'
  /** not of the shape that the source has */
  | 'malformed';

export type Reading = {
  readonly records: readonly Attributed[];
  /** How many parts of the delivery were left out, by reason. */
  readonly left: ReadonlyMap<Useless, number>;
};

/**
 * Who did what, as one outside source delivers it. Each source has a file of its own beside this one:
 * it reads a delivery leniently, keeps what `attributed` holds, and drops everything else unseen.
 */
export type Source = {
  /** Stands in the records, and before the `:` wherever the book says how it knows. */
  readonly name: string;
  read(delivery: unknown): Reading;
};
