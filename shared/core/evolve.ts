import type { Uid } from '#shared/contract/ids.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { foldObserved, foldVanished, forgetVanished } from './facts.ts';
import type { Fold } from './fold.ts';
import { foldSettled } from './pending.ts';
import { foldDecided, foldHeld, foldOpened } from './plans.ts';
import { foldPoison, forgetPoison } from './poison.ts';
import { foldRewound } from './rewind.ts';
import { foldSurveyBegan, foldSurveyed } from './surveys.ts';
import type { Entry, View } from './view.ts';

/**
 * Folds one message of the log into the view, in place, and answers the sets that it concerns, sorted.
 * An entry that has been folded before changes nothing. The cost grows with what changed, never with
 * what is known, except at the close of a survey.
 */
export function evolve(view: View, entry: Entry): readonly Uid[] {
  if (entry.sequence <= view.sequence) return [];
  if (view.sequence === 0) view.bornAt = entry.at;
  view.sequence = entry.sequence;
  view.now = Math.max(view.now, entry.at);
  const fold: Fold = { view, sequence: entry.sequence, at: view.now, touched: new Set() };
  // An intake says nothing about objects: one that cannot be read leaves nothing unknown of them.
  if (entry.family !== 'intake') foldPoison(fold, entry.poison);
  for (const record of entry.records) foldRecord(fold, record);
  if (view.poisoned.size > 0) forgetPoison(view);
  forgetVanished(fold);
  return [...fold.touched].toSorted();
}

function foldRecord(fold: Fold, record: LogRecord): void {
  switch (record.type) {
    case 'observed':
      foldObserved(fold, record);
      return;
    case 'vanished':
      foldVanished(fold, record);
      return;
    case 'survey-began':
      foldSurveyBegan(fold, record);
      return;
    case 'surveyed':
      foldSurveyed(fold, record);
      return;
    case 'rewound':
      foldRewound(fold);
      return;
    case 'opened':
      foldOpened(fold, record);
      return;
    case 'decided':
      foldDecided(fold, record);
      return;
    case 'held':
      foldHeld(fold, record);
      return;
    case 'settled':
      foldSettled(fold, record);
      return;
    case 'attributed':
      // Who asked is the book's concern: no decision depends on it.
      return;
    default:
      unreachable(record);
  }
}
