import { resourceVersionSchema } from '#shared/contract/ids.ts';
import type { Rewound } from '#shared/contract/records.ts';
import { dropTestimonies } from './state.ts';
import { enter, putHolding } from './step.ts';
import type { Step } from './step.ts';

const anyVersion = resourceVersionSchema.parse('0');

/**
 * The cluster was set back, as far as this shard goes: any version of an object is news, and what was gone
 * may be there again under its uid. What the surveys that follow do not tell of is gone, as after any gap.
 * One line of the book tells of it, that of the shard that belongs to no namespace.
 */
export function foldRewound(step: Step, { id, by, askedAt }: Rewound): void {
  const { state, arrival } = step;
  if (arrival.shard === 'cl') enter(step, 'rewound', { id, by, askedAt });
  // The same versions will be made again, by whom nobody has told yet.
  dropTestimonies(state, (uid) => state.holdings.get(uid)?.shard === arrival.shard);
  for (const holding of [...state.holdings.values()]) {
    if (holding.shard !== arrival.shard) continue;
    if (holding.goneAt === undefined) {
      putHolding(step, { ...holding, resourceVersion: anyVersion });
    } else {
      state.holdings.delete(holding.uid);
      // A disk that is back can be lost once more.
      if (state.volumes.get(holding.uid)?.state === 'gone') state.volumes.delete(holding.uid);
    }
  }
  for (const key of [...state.surveys.keys()]) {
    if (key.startsWith(`${arrival.shard}/`)) state.surveys.delete(key);
  }
}
