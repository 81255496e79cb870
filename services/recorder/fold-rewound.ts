import { resourceVersionSchema } from '#shared/contract/ids.ts';
import type { Rewound } from '#shared/contract/records.ts';
import { endOperation } from './operations.ts';
import type { Holding } from './rows.ts';
import { dropTestimonies } from './state.ts';
import { enter, openOperations, putActivity, putHolding } from './step.ts';
import type { Step } from './step.ts';
import { dropVolume, uidsOf } from './volumes.ts';
import { objectIn } from './writes.ts';

const anyVersion = resourceVersionSchema.parse('0');

type IsHere = (uid: string) => boolean;

/**
 * The cluster was set back, as far as this shard goes: any version of an object is news, and what was gone
 * may be there again under its uid. What the surveys that follow do not tell of is gone, as after any gap.
 * One line of the book tells of it, that of the shard that belongs to no namespace. Whatever leaves the
 * memory here must be marked in its row as well, or a restart would bring it back.
 */
export function foldRewound(step: Step, { id, by, askedAt }: Rewound): void {
  const { state, arrival } = step;
  if (arrival.shard === 'cl') enter(step, 'rewound', { id, by, askedAt });
  const isHere: IsHere = (uid) => state.holdings.get(uid)?.shard === arrival.shard;
  voidWrites(step, isHere);
  voidTestimonies(step, isHere);
  voidVolumes(step, isHere);
  for (const holding of [...state.holdings.values()]) {
    if (holding.shard !== arrival.shard) continue;
    if (holding.goneAt === undefined) {
      putHolding(step, { ...holding, resourceVersion: anyVersion });
    } else {
      voidHolding(step, holding);
    }
  }
}

function voidHolding(step: Step, holding: Holding): void {
  const { uid } = holding;
  step.state.holdings.delete(uid);
  step.changes.holdings.set(uid, { ...holding, isVoid: true });
  // Of a set that is back nobody awaits the end of its members.
  for (const open of openOperations(step, uid)) endOperation(step, open, 'superseded');
}

/** The same versions will be made again: whoever is told to have made one did not begin these operations. */
function voidWrites(step: Step, isHere: IsHere): void {
  const { begun, open } = step.state;
  const known = [...begun.values()].flatMap((activities) => [...activities.values()]);
  for (const activity of [...known, ...[...open.values()].flat()]) {
    const { id, write, ...rest } = activity;
    if (write === undefined) continue;
    const uid = objectIn(write);
    if (!isHere(uid) && !isHere(activity.set.uid)) continue;
    begun.get(uid)?.delete(id);
    putActivity(step, { id, ...rest });
  }
}

/** Nobody has told yet who will have made the versions to come. */
function voidTestimonies({ state, changes }: Step, isHere: IsHere): void {
  for (const testimony of [...state.testimonies.values()].flat()) {
    if (!isHere(objectIn(testimony.write))) continue;
    changes.testimonies.set(testimony.entry, { ...testimony, isVoid: true });
  }
  dropTestimonies(state, isHere);
}

/** A disk that is back can be lost once more. */
function voidVolumes({ state, changes }: Step, isHere: IsHere): void {
  for (const volume of [...state.volumes.values()]) {
    if (volume.state !== 'gone') continue;
    if (![volume.key, ...uidsOf(volume), volume.set.uid].some(isHere)) continue;
    dropVolume(state, volume);
    changes.volumes.set(volume.key, { ...volume, isVoid: true });
  }
}
