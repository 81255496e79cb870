/** How far a reader has come, with what it takes to notice that the log is no longer the same one. */
export type Position = {
  readonly lineage: string;
  readonly sequence: number;
  /** Hash of the message at `sequence`; absent at sequence 0. */
  readonly hash?: string;
  /** Log time of that message, milliseconds since 1970, where somebody needs it. */
  readonly at?: number;
  /** Of a lower bound: the newest message that had been read. The bound rests on all of them. */
  readonly read?: { readonly sequence: number; readonly hash: string };
};

/** Where the executor keeps a lower bound of its position: all decisions up to it are settled. */
export interface Positions {
  load(reader: string): Promise<Position | undefined>;
  save(reader: string, position: Position): Promise<void>;
}

/** For liveness only: who should be active. Safety never rests on it. */
export interface Leases {
  /** Waits until the lease is ours; `lost` rejects when it is not any more. Disposing gives it back. */
  hold(name: string, holder: string, signal: AbortSignal): Promise<Lease>;
}

export interface Lease extends AsyncDisposable {
  readonly lost: Promise<never>;
}
