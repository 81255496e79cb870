import type { Outcome, Settled } from '#shared/contract/records.ts';
import { activityOf, outsideCause } from './fold-disk.ts';
import { carriedOutBy } from './fold-member.ts';
import { progress } from './operations.ts';
import type { DeletedVolume } from './rows.ts';
import { enter, putActivity, putHolding, putVolume } from './step.ts';
import type { Step } from './step.ts';

/** Every outcome is a line; one that came to nothing lifts the danger that its command had brought. */
export function foldSettled(step: Step, record: Settled): void {
  const { type: _type, returned: _returned, ...told } = record;
  enter(step, 'settled', told);
  const traces = step.state.effects.get(record.effect);
  if (traces === undefined) return;
  step.state.effects.delete(record.effect);
  const isDone = wasCarriedOut(record.outcome);
  for (const key of traces.volumes) {
    const volume = step.state.volumes.get(key);
    if (volume === undefined) continue;
    if (volume.state === 'gone') {
      if (!isDone && volume.effect === record.effect && !volume.applied) takeBack(step, volume);
      continue;
    }
    // One that this command keeps is not taken by it, though it was carried out.
    if (isDone && volume.state === 'kept' && volume.effect === record.effect) continue;
    if (isDone) putVolume(step, { ...volume, applied: true });
    // A later command may endanger it again, or an earlier one may have doomed it already.
    else if (volume.effect === record.effect && !volume.applied) {
      putVolume(step, { ...volume, state: 'kept' });
    }
  }
  // putVolume traces the effect of what it puts; this one is settled.
  step.state.effects.delete(record.effect);
  if (!isDone) spareMember(step, traces.member, record.effect);
  // What was found done may be the doing of others.
  else if (record.outcome === 'applied') noteCarriedOut(step, traces.member, record.effect);
}

/** The disk went before the command came to anything: it was not the command that took it. */
function takeBack(step: Step, volume: DeletedVolume): void {
  const { because: _because, decision: _decision, effect: _effect, ...rest } = volume;
  const { activity: _activity, ...gone } = rest;
  const activity = activityOf(step.state, volume);
  const corrected: DeletedVolume = {
    ...gone,
    cause: outsideCause,
    applied: true,
    ...(activity === undefined ? {} : { activity }),
  };
  putVolume(step, corrected);
  enter(step, 'disk-gone', { ...corrected, corrects: volume.effect });
}

/** From now on it is certain who takes the member; what was written as meant becomes proven. */
function noteCarriedOut(step: Step, uid: string | undefined, effect: string): void {
  const member = uid === undefined ? undefined : step.state.holdings.get(uid);
  if (member?.purposeEffect !== effect) return;
  putHolding(step, { ...member, isCarriedOut: true });
  const otherwise = carriedOutBy(effect);
  for (const activity of step.state.begun.get(member.uid)?.values() ?? []) {
    const { evidence } = activity;
    if (evidence?.otherwise.actor !== otherwise.actor) continue;
    putActivity(step, { ...activity, ...otherwise, evidence: { ...evidence, otherwise } });
  }
}

function spareMember(step: Step, uid: string | undefined, effect: string): void {
  const member = uid === undefined ? undefined : step.state.holdings.get(uid);
  if (member?.purposeEffect !== effect || member.goneAt !== undefined) return;
  const { purpose: _purpose, purposeEffect: _effect, isCarriedOut: _done, ...spared } = member;
  putHolding(step, spared);
  // It counts again: a size that was taken back may be reached by it.
  if (spared.owner !== undefined) progress(step, spared.owner);
}

function wasCarriedOut(outcome: Outcome): boolean {
  return outcome === 'applied' || outcome === 'already';
}
