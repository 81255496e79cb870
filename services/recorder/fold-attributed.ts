import type { Attributed } from '#shared/contract/records.ts';
import type { Claim } from './rows.ts';
import { placeClaim } from './state.ts';
import { enter, putActivity } from './step.ts';
import type { Step } from './step.ts';
import { attributionFor, writeIn } from './who.ts';

/** Of the requests that claim one write, the first are kept: the others changed nothing. */
const mostClaims = 4;

/**
 * A source tells who made a write. The line is a line of its own, whether or not the write is known yet;
 * operations that it began get their actor, and what was written of them before stands.
 */
export function foldAttributed(step: Step, record: Attributed): void {
  const write = writeIn(record);
  if (write === undefined) return;
  const { state, arrival, changes } = step;
  const known = state.claims.get(write) ?? [];
  if (known.length >= mostClaims || known.some((claim) => isAgain(claim, record))) return;
  const begun = [...(state.begun.get(write)?.values() ?? [])];
  const { type: _type, ...told } = record;
  const entry = enter(step, 'attributed', { ...told, activities: begun.map(({ id }) => id) });
  const claim: Claim = { entry, write, record, at: arrival.at };
  placeClaim(state, claim);
  changes.claims.push(claim);
  for (const activity of begun) {
    const by = attributionFor(state, activity, activity);
    if (by === activity) continue;
    const { actor: _actor, ...rest } = activity;
    putActivity(step, { ...rest, ...by });
  }
}

/** Sources deliver a request more than once. */
function isAgain({ record }: Claim, other: Attributed): boolean {
  return record.source === other.source && record.id === other.id;
}
