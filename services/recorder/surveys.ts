import type { LogRecord } from '#shared/contract/records.ts';
import type { Shard } from '#shared/contract/ids.ts';

/** An open bracket: a kind that is being listed in a shard. */
export type Survey = {
  readonly id: string;
  /** Sequence of the message that opened it. */
  readonly since: number;
  readonly seen: Set<string>;
};

/** By shard and kind. */
export type Surveys = Map<string, Survey>;

export type Surveyed = Extract<LogRecord, { type: 'surveyed' }>;

export function emptySurveys(): Surveys {
  return new Map();
}

/**
 * Follows the brackets through one record. It is apart from the fold so that, after a start, reading
 * again from the oldest open bracket restores them. Returns the survey that the record closes and that
 * was seen whole; then what it did not tell of is gone.
 */
export function followSurveys(
  surveys: Surveys,
  { shard, sequence }: { readonly shard: Shard; readonly sequence: number },
  record: LogRecord,
): Survey | undefined {
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
      const isWhole = survey.seen.size === record.count && record.unserved !== true;
      return isWhole ? survey : undefined;
    }
    default:
      return undefined;
  }
}

/** Sequence at which the oldest open bracket began. */
export function surveysFrom(surveys: Surveys): number | undefined {
  if (surveys.size === 0) return undefined;
  return Math.min(...[...surveys.values()].map((survey) => survey.since));
}
