import type { Attributed } from '#shared/contract/records.ts';
import { compareResourceVersions } from '#shared/contract/ids.ts';
import type { Activity, Attribution, Testimony } from './rows.ts';
import { placeTestimony } from './state.ts';
import type { BookState } from './state.ts';
import { enter, putActivity } from './step.ts';
import type { Step } from './step.ts';
import { receivedAt } from './testimony.ts';
import { attributionFor } from './who.ts';
import { objectIn, versionIn, writeIn } from './writes.ts';

/** Of the requests that were answered with one version, the first are kept: the others changed nothing. */
const mostTestimonies = 4;

/**
 * A source tells who made a write. The line is a line of its own, whether or not the write is known yet;
 * operations that it began get their actor, and what was written of them before stands.
 */
export function foldAttributed(step: Step, record: Attributed): void {
  const write = writeIn(record);
  if (write === undefined) return;
  const { state, arrival, changes } = step;
  const testimony: Testimony = { entry: state.chainSequence + 1, write, record, at: arrival.at };
  if (!isNews(state.testimonies.get(write) ?? [], testimony)) return;
  const begun = begunBy(state, testimony);
  const { type: _type, ...told } = record;
  enter(step, 'attributed', { ...told, activities: begun.map(({ id }) => id) });
  placeTestimony(state, testimony);
  changes.testimonies.set(testimony.entry, testimony);
  for (const activity of begun) judgeAgain(step, activity);
}

/** Sources deliver a request more than once, and in any order. */
function isNews(known: readonly Testimony[], testimony: Testimony): boolean {
  const { source, id } = testimony.record;
  if (known.some(({ record }) => record.source === source && record.id === id)) return false;
  const isFirst = known.every((other) => receivedAt(testimony) < receivedAt(other));
  return known.length < mostTestimonies || isFirst;
}

/** The operations that were begun by this write, or may have been where versions were not seen. */
function begunBy(state: BookState, { write }: Testimony): readonly Activity[] {
  const version = versionIn(write);
  return [...(state.begun.get(objectIn(write))?.values() ?? [])].filter((activity) => {
    if (activity.write === write) return true;
    const after = activity.evidence?.after;
    const seen = activity.write === undefined ? undefined : versionIn(activity.write);
    if (version === undefined || after === undefined || seen === undefined) return false;
    return (
      compareResourceVersions(version, after) > 0 && compareResourceVersions(version, seen) < 0
    );
  });
}

function judgeAgain(step: Step, activity: Activity): void {
  const { actor: _actor, grade: _grade, how: _how, ...rest } = activity;
  // Of an operation that was written without it, what stands there is all that is known.
  const evidence = activity.evidence ?? { otherwise: attributionIn(activity) };
  const by = attributionFor(step.state, { ...activity, evidence });
  if (by.actor === activity.actor && by.grade === activity.grade && by.how === activity.how) return;
  putActivity(step, { ...rest, ...by });
}

function attributionIn({ actor, grade, how }: Activity): Attribution {
  return { ...(actor === undefined ? {} : { actor }), grade, how };
}
