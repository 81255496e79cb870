import { compareResourceVersions } from '#shared/contract/ids.ts';
import type { Writer } from '#shared/contract/objects.ts';
import type { Attribution, Begun, Testimony } from './rows.ts';
import {
  corroborated,
  delayOf,
  inferred,
  inferredBeside,
  inOrder,
  isAfterwards,
  isWithin,
  missedInWords,
  otherwiseBut,
  proven,
  rivalOf,
} from './testimony.ts';
import { versionIn } from './writes.ts';

type Told = {
  /** Requests that were answered with the version seen. */
  readonly testimonies: readonly Testimony[];
  /** Those with any version of the object. */
  readonly told: readonly Testimony[];
};

/** Who changed the size of a set from the one known before to the one seen. */
export function judgeSize({ testimonies, told }: Told, begun: Begun): Attribution {
  const maker = testimonies.find(isMaker);
  const before = sizedBefore(told, { maker, begun });
  if (before.length > 0) return judgeUnseen(before, begun);
  // The others were answered with a version that was there: they changed nothing.
  const writers = maker === undefined ? inOrder(testimonies) : [maker];
  const fitting = writers.filter((testimony) => mayHaveSized(testimony, begun));
  const [first, ...others] = fitting.filter(
    (testimony) => testimony === maker || !isAfterwards(testimony, begun),
  );
  if (first === undefined) return otherwiseBut(begun, fitting[0]);
  const rival = rivalOf(first, others);
  return rival === undefined ? gradeOf(first, begun) : inferredBeside(first, rival);
}

/** Bound to another version than it was answered with: it made the one that it was answered with. */
function isMaker({ record }: Testimony): boolean {
  const { verb, boundTo, object } = record;
  const isWrite = verb === 'update' || verb === 'patch';
  return isWrite && boundTo !== undefined && boundTo !== object.resourceVersion;
}

/** One writer is left: what is there to say against its being proven? */
function gradeOf(testimony: Testimony, begun: Begun): Attribution {
  const { gap, evidence } = begun;
  const { boundTo, subresource, manager } = testimony.record;
  if (evidence.missed !== undefined) return inferred(testimony, missedInWords(evidence.missed));
  const delay = delayOf(testimony, begun);
  if (delay !== undefined) return corroborated(testimony, `seen ${delay}s after it`);
  if (boundTo !== undefined && boundTo === evidence.after) return proven(testimony);
  if (gap) return corroborated(testimony, 'other versions were missed');
  // A scale that made a version can have changed nothing but the size.
  if (boundTo !== undefined && subresource === 'scale') return proven(testimony);
  if (boundTo !== undefined) return corroborated(testimony, 'other versions were missed');
  if (manager === undefined) return corroborated(testimony, 'told without its field manager');
  return evidence.writer === undefined
    ? corroborated(testimony, 'managedFields name nobody for the size')
    : proven(testimony);
}

/** Whether this request can have made the version seen, and this size with it. */
function mayHaveSized(testimony: Testimony, { to, evidence, gap }: Begun): boolean {
  const { verb, subresource, replicas, asked, manager, boundTo, object } = testimony.record;
  if (verb !== 'update' && verb !== 'patch') return false;
  // A label that is set, a template that is changed: such a request names no size.
  if (manager !== undefined && asked === undefined) return false;
  if ((asked ?? to) !== to || (replicas ?? to) !== to) return false;
  if (boundTo !== undefined && boundTo === object.resourceVersion) return false;
  // After missed versions an edit may be of somebody who left the size as it was.
  const isNext = boundTo !== undefined && boundTo === evidence.after;
  if (gap && subresource !== 'scale' && !isNext) return false;
  return isOfOwner(testimony, evidence.writer);
}

/** managedFields speak against whoever wrote as another, through another door, or at another time. */
function isOfOwner(testimony: Testimony, owner: Writer | undefined): boolean {
  const { manager, subresource } = testimony.record;
  if (manager === undefined) return true;
  // Nobody owns a size of 0 that a scale has set, nor the next one; any other write would own it.
  if (owner === undefined) return subresource === 'scale';
  if (owner.manager !== manager || owner.subresource !== subresource) return false;
  // The entry of a scale has no time of its own.
  return owner.time === undefined || subresource === 'scale' || isWithin(testimony, owner.time);
}

/**
 * The requests that were answered with the oldest version, after the one known and before the one seen,
 * that had the size already: what made the version seen did not make the size.
 */
function sizedBefore(
  told: readonly Testimony[],
  { maker, begun }: { readonly maker: Testimony | undefined; readonly begun: Begun },
): readonly Testimony[] {
  const { evidence, to, write } = begun;
  const { after } = evidence;
  const seen = write === undefined ? undefined : versionIn(write);
  // What was bound to the version known before leaves no room for another.
  if (after === undefined || seen === undefined || maker?.record.boundTo === after) return [];
  // The cluster was set back: whatever was told of lower versions may be of a time that is void.
  if (after === '0') return [];
  const between = told.flatMap((testimony) => {
    const version = testimony.record.object.resourceVersion;
    if (version === undefined || testimony.record.replicas !== to) return [];
    const isBetween =
      compareResourceVersions(version, after) > 0 && compareResourceVersions(version, seen) < 0;
    return isBetween ? [{ testimony, version }] : [];
  });
  const [oldest] = between.toSorted((left, right) =>
    compareResourceVersions(left.version, right.version),
  );
  return between
    .filter(({ version }) => version === oldest?.version)
    .map(({ testimony }) => testimony);
}

/** Who made a version that had the size and was not seen itself: never proven, for what else was not? */
function judgeUnseen(testimonies: readonly Testimony[], begun: Begun): Attribution {
  const { to, evidence } = begun;
  const writers = inOrder(
    testimonies.filter(
      ({ record: { verb, asked } }) => (verb === 'update' || verb === 'patch') && asked === to,
    ),
  );
  const [first, ...others] = writers;
  if (first === undefined) return evidence.otherwise;
  const rival = rivalOf(first, others);
  if (rival !== undefined) return inferredBeside(first, rival);
  if (evidence.missed !== undefined) return inferred(first, missedInWords(evidence.missed));
  return corroborated(first, 'the version that it made was not seen');
}
