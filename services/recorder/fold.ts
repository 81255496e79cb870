import type { LogRecord } from '#shared/contract/records.ts';
import { unreachable } from '#shared/lib/assert.ts';
import type { Poison } from '#shared/stream/log.ts';
import { noChanges } from './changes.ts';
import type { Changes } from './changes.ts';
import { foldAttributed } from './fold-attributed.ts';
import { foldDecided, foldHeld, foldOpened } from './fold-decision.ts';
import { foldObserved, foldSurveyed, foldVanished } from './fold-fact.ts';
import { foldSettled } from './fold-outcome.ts';
import { foldRewound } from './fold-rewound.ts';
import type { BookState } from './state.ts';
import { enter } from './step.ts';
import type { Arrival, Step } from './step.ts';
import { followSurveys, noteSurvey } from './surveys.ts';
import type { Closed } from './surveys.ts';

/**
 * What one record means for the book: its lines and the derived rows. Decided by the state and the
 * record alone, without clock, chance or I/O. Changes the state in place.
 */
export function foldRecord(state: BookState, arrival: Arrival, record: LogRecord): Changes {
  const step: Step = { state, changes: noChanges(), arrival };
  state.beganAt ??= arrival.at;
  const closed = followSurveys(state.surveys, arrival, record);
  switch (record.type) {
    case 'observed':
      foldObserved(step, record.object, record.survey !== undefined);
      break;
    case 'vanished':
      foldVanished(step, record);
      break;
    case 'survey-began':
      break;
    case 'surveyed':
      if (closed?.isWhole === true) foldSurveyed(step, closed, record);
      break;
    case 'rewound':
      foldRewound(step, record);
      break;
    case 'opened':
      foldOpened(step, record);
      break;
    case 'decided':
      foldDecided(step, record);
      break;
    case 'held':
      foldHeld(step, record);
      break;
    case 'settled':
      foldSettled(step, record);
      break;
    case 'attributed':
      foldAttributed(step, record);
      break;
    default:
      unreachable(record);
  }
  noteSurveyed(step, record, closed);
  return step.changes;
}

function noteSurveyed({ state, changes, arrival }: Step, record: LogRecord, closed?: Closed): void {
  if (record.type !== 'survey-began' && record.type !== 'surveyed') return;
  const key = `${arrival.shard}/${record.kind}`;
  const known = state.shelves.get(key)?.size ?? 0;
  const row = noteSurvey(state.wholeSince, record, { shard: arrival.shard, closed, known });
  if (row !== undefined) changes.surveys.set(key, row);
}

/** A record that could not be read: the book says so, and how it is known. */
export function foldPoison(
  state: BookState,
  arrival: Arrival,
  { poison, family }: { readonly poison: Poison; readonly family: string },
): Changes {
  const step: Step = { state, changes: noChanges(), arrival };
  state.beganAt ??= arrival.at;
  const { shard, sequence, at, part } = arrival;
  enter(step, 'poison', { shard, family, ...poison });
  step.changes.poisons.push({
    streamSequence: sequence,
    part,
    shard,
    family,
    ...(poison.namespace === undefined ? {} : { namespace: poison.namespace }),
    problem: poison.problem,
    at,
  });
  return step.changes;
}

/** The log is another one than before: what was read of the old one stands, the new one is read whole. */
export function foldLineageBreak(
  state: BookState,
  arrival: Arrival,
  old: { readonly lineage: string; readonly sequence: number },
): Changes {
  const step: Step = { state, changes: noChanges(), arrival };
  state.surveys.clear();
  state.wholeSince.clear();
  enter(step, 'lineage-broken', { old, new: { lineage: arrival.lineage } });
  return step.changes;
}
