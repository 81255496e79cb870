import {
  corroborated,
  delayOf,
  inferredBeside,
  inOrder,
  isAfterwards,
  isWithin,
  otherwiseBut,
  proven,
  rivalOf,
} from './claims.ts';
import type { Attribution, Begun, Claim } from './rows.ts';

/**
 * Who deleted an object. While finalizers keep it, everyone may delete it again and is told that he has;
 * the deletion is that of the first.
 */
export function judgeRemoval(claims: readonly Claim[], begun: Begun): Attribution {
  const deleters = inOrder(claims.filter((claim) => mayHaveDeleted(claim, begun)));
  const sure = deleters.find((claim) => isSure(claim, begun));
  if (sure !== undefined) return proven(sure);
  const intime = deleters.filter((claim) => isStamped(claim) || !isAfterwards(claim, begun));
  const [first, ...others] = intime;
  if (first === undefined) return otherwiseBut(begun, deleters[0]);
  const rival = rivalOf(first, others);
  if (rival !== undefined) return inferredBeside(first, rival);
  const delay = delayOf(first, begun);
  if (delay !== undefined && !isStamped(first)) {
    return corroborated(first, `seen ${delay}s after it`);
  }
  return proven(first);
}

function mayHaveDeleted(claim: Claim, { evidence }: Begun): boolean {
  const { verb, deletedAt } = claim.record;
  if (verb !== 'delete' && verb !== 'deletecollection') return false;
  if (deletedAt === undefined) return true;
  // It was terminating before this request came.
  if (!isStamped(claim)) return false;
  return evidence.deletedAt === undefined || isSameTime(evidence.deletedAt, deletedAt);
}

/** Its answer bears the second in which the object was deleted. */
function isStamped(claim: Claim): boolean {
  const { deletedAt } = claim.record;
  return deletedAt !== undefined && isWithin(claim, deletedAt);
}

/** It removed the object at once, or was bound to the version that was known before. */
function isSure({ record }: Claim, { evidence }: Begun): boolean {
  const { boundTo, object, verb } = record;
  if (boundTo !== undefined && boundTo === evidence.after) return true;
  const isRemovedAtOnce = verb === 'delete' && object.resourceVersion === undefined;
  return isRemovedAtOnce && evidence.deletedAt === undefined;
}

function isSameTime(left: string, right: string): boolean {
  return Date.parse(left) === Date.parse(right);
}
