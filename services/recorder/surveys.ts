import type { LogRecord } from '#shared/contract/records.ts';
import type { Shard } from '#shared/contract/ids.ts';
import type { SurveyRow } from './rows.ts';

/** An open bracket: a kind that is being listed in a shard. */
export type Survey = {
  readonly id: string;
  /** Sequence of the message that opened it. */
  readonly since: number;
  readonly seen: Set<string>;
};

/** A survey at its end. */
export type Closed = Survey & {
  readonly isWhole: boolean;
  /** The cluster does not serve the kind, which proves nothing. */
  readonly isUnserved: boolean;
};

/** By shard and kind. */
export type Surveys = Map<string, Survey>;

export type Surveyed = Extract<LogRecord, { type: 'surveyed' }>;

export function emptySurveys(): Surveys {
  return new Map();
}

/**
 * Follows the brackets through one record. It is apart from the fold so that, after a start, reading
 * again from the oldest open bracket restores them. Returns the survey that the record closes; what a
 * whole one did not tell of is gone.
 */
export function followSurveys(
  surveys: Surveys,
  { shard, sequence }: { readonly shard: Shard; readonly sequence: number },
  record: LogRecord,
): Closed | undefined {
  switch (record.type) {
    case 'survey-began':
      surveys.set(`${shard}/${record.kind}`, { id: record.id, since: sequence, seen: new Set() });
      return undefined;
    case 'observed': {
      if (record.survey === undefined) return undefined;
      const survey = surveys.get(`${shard}/${record.object.kind}`);
      if (survey?.id === record.survey) survey.seen.add(record.object.meta.uid);
      return undefined;
    }
    case 'surveyed': {
      const key = `${shard}/${record.kind}`;
      const survey = surveys.get(key);
      if (survey?.id !== record.id) return undefined;
      surveys.delete(key);
      // A record of it that could not be read would count as gone; a kind that is not served proves nothing.
      const isUnserved = record.unserved === true;
      return { ...survey, isUnserved, isWhole: survey.seen.size === record.count && !isUnserved };
    }
    case 'rewound':
      for (const key of [...surveys.keys()]) {
        if (key.startsWith(`${shard}/`)) surveys.delete(key);
      }
      return undefined;
    default:
      return undefined;
  }
}

/**
 * Notes what is surveyed in a shard, and since when it is known whole: until then an unreadable record
 * stops destruction there. `known`: living objects of the kind; one that is not served and has none is
 * whole, too.
 */
export function noteSurvey(
  wholeSince: Map<string, number>,
  record: LogRecord,
  {
    shard,
    closed,
    known,
  }: { readonly shard: Shard; readonly closed: Closed | undefined; readonly known: number },
): SurveyRow | undefined {
  if (record.type !== 'survey-began' && record.type !== 'surveyed') return undefined;
  const { kind } = record;
  const key = `${shard}/${kind}`;
  const before = wholeSince.get(key);
  const isProven = closed?.isWhole === true || (closed?.isUnserved === true && known === 0);
  const since = isProven ? closed.since : (before ?? 0);
  if (since === before) return undefined;
  wholeSince.set(key, since);
  return { shard, kind, wholeSince: since };
}

/** Sequence at which the oldest open bracket began. */
export function surveysFrom(surveys: Surveys): number | undefined {
  if (surveys.size === 0) return undefined;
  return Math.min(...[...surveys.values()].map((survey) => survey.since));
}
