import type { Attribution, Begun, Testimony } from './rows.ts';

/* What all testimonies on a change have in common: their times, their words, and who else may have made it. */

/** How far the clocks of API servers and broker may differ. */
const skewMs = 250;

/** A change that is seen so long after the answer may have been made by many. */
const lateMs = 10_000;

const second = 1_000;

export function receivedAt({ record }: Testimony): number {
  return Date.parse(record.receivedAt);
}

export function answeredAt({ record }: Testimony): number {
  return Date.parse(record.answeredAt);
}

/** The request came when the change stood in the log already: it cannot have made it. */
export function isAfterwards(testimony: Testimony, { at }: Begun): boolean {
  return receivedAt(testimony) > at + skewMs;
}

/** Seconds between the answer and the sight of the change, where they are too many. */
export function delayOf(testimony: Testimony, { at }: Begun): number | undefined {
  const delayMs = at - answeredAt(testimony);
  return delayMs > lateMs ? Math.round(delayMs / second) : undefined;
}

/**
 * Whether the API server may have stamped this time while it served the request. Such times have whole
 * seconds and, as the times of the request, are of the clock of the server that served it.
 */
export function isWithin(testimony: Testimony, stamped: string): boolean {
  const at = Date.parse(stamped);
  return at >= Math.floor(receivedAt(testimony) / second) * second && at <= answeredAt(testimony);
}

export function inOrder(testimonies: readonly Testimony[]): readonly Testimony[] {
  return testimonies.toSorted(
    (left, right) => receivedAt(left) - receivedAt(right) || left.entry - right.entry,
  );
}

/**
 * Another user whose request may have made the change as well as that of `first`. One that came after the
 * first was answered found the change made.
 */
export function rivalOf(first: Testimony, others: readonly Testimony[]): Testimony | undefined {
  return others.find(
    (other) =>
      other.record.user !== first.record.user && receivedAt(other) <= answeredAt(first) + skewMs,
  );
}

/** `audit: scale, impersonated by admin`. */
export function wordsOf({ record }: Testimony): string {
  const { source, verb, subresource, impersonator } = record;
  const act = subresource ?? (verb === 'deletecollection' ? 'delete of many' : verb);
  return `${source}: ${act}${impersonator === undefined ? '' : `, impersonated by ${impersonator}`}`;
}

export function proven(testimony: Testimony): Attribution {
  return { actor: testimony.record.user, grade: 'proven', how: wordsOf(testimony) };
}

/** A source names somebody, and something is missing for the proof. */
export function corroborated(testimony: Testimony, but: string): Attribution {
  return {
    actor: testimony.record.user,
    grade: 'corroborated',
    how: `${wordsOf(testimony)}, ${but}`,
  };
}

export function inferred(testimony: Testimony, but: string): Attribution {
  return { actor: testimony.record.user, grade: 'inferred', how: `${wordsOf(testimony)}, ${but}` };
}

/** It was this one or that one: nobody is proven, and both are told. */
export function inferredBeside(first: Testimony, rival: Testimony): Attribution {
  return inferred(first, `unless it was ${rival.record.user}, who asked for the same at that time`);
}

/** Nobody is named whose request came too late, but that it came is told. */
export function otherwiseBut({ evidence }: Begun, late: Testimony | undefined): Attribution {
  const { otherwise } = evidence;
  if (late === undefined) return otherwise;
  const { source, user } = late.record;
  return {
    ...otherwise,
    how: `${otherwise.how}; ${source}: ${user} asked for the same after it was seen`,
  };
}

/** Changes of the spec that were not seen may have been of the size. */
export function missedInWords(missed: number): string {
  return missed === 1
    ? 'another change of the spec before it was not seen'
    : `${missed} other changes of the spec before it were not seen`;
}
