import type { Attribution, Begun, Testimony } from './rows.ts';
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
} from './testimony.ts';

/**
 * Who deleted an object. While finalizers keep it, everyone may delete it again and is told that
 * it is done; the deletion is that of the first.
 */
export function judgeRemoval(testimonies: readonly Testimony[], begun: Begun): Attribution {
  const deleters = inOrder(testimonies.filter((testimony) => mayHaveDeleted(testimony, begun)));
  const sure = deleters.find((testimony) => isSure(testimony, begun));
  if (sure !== undefined) return proven(sure);
  const inTime = deleters.filter(
    (testimony) => isStamped(testimony) || !isAfterwards(testimony, begun),
  );
  const [first, ...others] = inTime;
  if (first === undefined) return otherwiseBut(begun, deleters[0]);
  const rival = rivalOf(first, others);
  if (rival !== undefined) return inferredBeside(first, rival);
  const delay = delayOf(first, begun);
  if (delay !== undefined && !isStamped(first)) {
    return corroborated(first, `seen ${delay}s after it`);
  }
  return proven(first);
}

function mayHaveDeleted(testimony: Testimony, { evidence }: Begun): boolean {
  const { verb, deletedAt } = testimony.record;
  if (verb !== 'delete' && verb !== 'deletecollection') return false;
  if (deletedAt === undefined) return true;
  // It was terminating before this request came.
  if (!isStamped(testimony)) return false;
  return evidence.deletedAt === undefined || isSameTime(evidence.deletedAt, deletedAt);
}

/** Its answer bears the second in which the object was deleted. */
function isStamped(testimony: Testimony): boolean {
  const { deletedAt } = testimony.record;
  return deletedAt !== undefined && isWithin(testimony, deletedAt);
}

/** It removed the object at once, or was bound to the version that was known before. */
function isSure({ record }: Testimony, { evidence }: Begun): boolean {
  const { boundTo, object, verb } = record;
  if (boundTo !== undefined && boundTo === evidence.after) return true;
  const isRemovedAtOnce = verb === 'delete' && object.resourceVersion === undefined;
  return isRemovedAtOnce && evidence.deletedAt === undefined;
}

function isSameTime(left: string, right: string): boolean {
  return Date.parse(left) === Date.parse(right);
}
