import { isRecord } from '#shared/lib/canonical.ts';

/** Where a desk stands in the log, beside its view. */
export type DeskMark = {
  /** Sequence of the newest message of the shard. */
  readonly basis: number;
  /** Sequence of the newest decision, which the next one expects. */
  readonly lastDecision: number;
  readonly lastOpened: number;
};

export function isDeskMark(value: unknown): value is DeskMark {
  if (!isRecord(value)) return false;
  const { basis, lastDecision, lastOpened } = value;
  return [basis, lastDecision, lastOpened].every(Number.isSafeInteger);
}
