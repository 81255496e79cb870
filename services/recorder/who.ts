import type { Attributed } from '#shared/contract/records.ts';
import type { Activity, Attribution, Claim } from './rows.ts';
import type { BookState } from './state.ts';

/* Who began an operation: what managedFields hint, and what sources say of the write itself. */

/** The write that made one version of an object. */
export function writeOf(uid: string, resourceVersion: string): string {
  return `${uid}@${resourceVersion}`;
}

/**
 * The deletion of an object: there is one for each uid. Not by version, for an object that has
 * finalizers gets one with its deletion, and one without is gone without a version of its own.
 */
export function removalOf(uid: string): string {
  return `${uid}@removed`;
}

/** The write that a record speaks of; undefined for one that nothing can be joined to. */
export function writeIn({ verb, object }: Attributed): string | undefined {
  if (verb === 'delete' || verb === 'deletecollection') return removalOf(object.uid);
  return object.resourceVersion === undefined
    ? undefined
    : writeOf(object.uid, object.resourceVersion);
}

/** As much of an operation as tells whether a claim is about it. */
export type Begun = Pick<Activity, 'operation' | 'gap' | 'at'> & {
  readonly write?: string | undefined;
  readonly to?: number | undefined;
};

/** Who began an operation by the sources, where they tell; otherwise what is known without them. */
export function attributionFor(
  state: BookState,
  begun: Begun,
  otherwise: Attribution,
): Attribution {
  if (begun.write === undefined) return otherwise;
  const fitting = (state.claims.get(begun.write) ?? []).filter((claim) => fits(claim, begun));
  const first = fitting.toSorted(earlierFirst).at(0);
  return first === undefined ? otherwise : attributionBy(first, begun);
}

/**
 * A write that changes nothing leaves the version as it was, so several requests may claim one version:
 * a second delete, a scale to the size that is there. Who was received first made it.
 */
function earlierFirst(left: Claim, right: Claim): number {
  return receivedAt(left) - receivedAt(right) || left.entry - right.entry;
}

function fits({ record }: Claim, { operation, to, gap }: Begun): boolean {
  const { verb, subresource, replicas } = record;
  switch (operation) {
    case 'found':
      return false;
    case 'created':
      return verb === 'create' && subresource === undefined;
    case 'scaled':
      // After missed versions the version seen may be a later write of somebody who did not scale.
      if (gap && subresource !== 'scale') return false;
      return (verb === 'update' || verb === 'patch') && (replicas ?? to) === to;
    case 'deleted':
    case 'member-replaced':
      return verb === 'delete' || verb === 'deletecollection';
  }
}

/** How far the clocks of API server and broker may differ. */
const skewMs = 1_000;

function attributionBy(claim: Claim, begun: Begun): Attribution {
  const { source, verb, subresource, user, impersonator } = claim.record;
  const act = subresource ?? (verb === 'deletecollection' ? 'delete of many' : verb);
  const by = impersonator === undefined ? '' : `, impersonated by ${impersonator}`;
  const how = `${source}: ${act}${by}`;
  // Whatever was received after the change had been seen cannot have made it; it is close at best.
  if (receivedAt(claim) > begun.at + skewMs) {
    return {
      actor: user,
      grade: 'corroborated',
      how: `${how}, received after the change was seen`,
    };
  }
  if (begun.gap && begun.operation === 'scaled') {
    return { actor: user, grade: 'corroborated', how: `${how}, other versions were missed` };
  }
  return { actor: user, grade: 'proven', how };
}

function receivedAt({ record }: Claim): number {
  return Date.parse(record.receivedAt);
}
