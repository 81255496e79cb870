import type {
  Activity,
  DeletedVolume,
  Entry,
  Hold,
  Holding,
  PoisonRow,
  SurveyRow,
  TakeOver,
  Testimony,
  Voidable,
} from './rows.ts';

/** What one transaction writes: entries in order, and of each derived row the last state. */
export type Changes = {
  readonly entries: Entry[];
  readonly activities: Map<number, Activity>;
  readonly volumes: Map<string, Voidable<DeletedVolume>>;
  readonly holdings: Map<string, Voidable<Holding>>;
  readonly holds: Map<string, Hold>;
  readonly takeOvers: Map<string, TakeOver>;
  readonly poisons: PoisonRow[];
  /** By the sequence of the entry. */
  readonly testimonies: Map<number, Voidable<Testimony>>;
  /** By shard and kind. */
  readonly surveys: Map<string, SurveyRow>;
};

export function noChanges(): Changes {
  return {
    entries: [],
    activities: new Map(),
    volumes: new Map(),
    holdings: new Map(),
    holds: new Map(),
    takeOvers: new Map(),
    poisons: [],
    testimonies: new Map(),
    surveys: new Map(),
  };
}

/** Adds what came later; later states of a row replace earlier ones. */
export function addChanges(to: Changes, later: Changes): void {
  to.entries.push(...later.entries);
  to.poisons.push(...later.poisons);
  for (const [id, activity] of later.activities) to.activities.set(id, activity);
  for (const [uid, holding] of later.holdings) to.holdings.set(uid, holding);
  for (const [uid, hold] of later.holds) to.holds.set(uid, hold);
  for (const [shard, takeOver] of later.takeOvers) to.takeOvers.set(shard, takeOver);
  for (const [key, volume] of later.volumes) to.volumes.set(key, volume);
  for (const [entry, testimony] of later.testimonies) to.testimonies.set(entry, testimony);
  for (const [key, survey] of later.surveys) to.surveys.set(key, survey);
}
