import type { ScaledSet, Writer } from '#shared/contract/objects.ts';
import { openSizeChange, progress } from './operations.ts';
import type { Attribution, Holding } from './rows.ts';
import { setNameOf } from './step.ts';
import type { Step } from './step.ts';

/** A set that was made this long before the book began was there already. */
const foundAfterMs = 60_000;

const untold: Attribution = {
  grade: 'unknown',
  how: 'the cluster does not tell who deletes an object',
};

/** What a new version of a set means for the book: first sight, another size, its deletion. */
export function foldSet(
  step: Step,
  { previous, next }: { readonly previous: Holding | undefined; readonly next: Holding },
  sighting: { readonly object: ScaledSet; readonly surveyed: boolean },
): void {
  const set = setNameOf(next);
  if (set === undefined) return;
  const { object, surveyed } = sighting;
  const version = { resourceVersion: next.resourceVersion, generation: next.generation };
  if (previous === undefined) {
    const isFound = next.createdAt < (step.state.beganAt ?? step.arrival.at) - foundAfterMs;
    openSizeChange(step, {
      set,
      operation: isFound ? 'found' : 'created',
      to: next.wanted,
      by: attributionOf(object.createdBy, 'create'),
      gap: surveyed && !isFound,
      ...version,
    });
  } else if (previous.wanted !== next.wanted) {
    openSizeChange(step, {
      set,
      operation: 'scaled',
      from: previous.wanted,
      to: next.wanted,
      by: attributionOf(object.replicasBy),
      gap: surveyed || isSkipping(previous, next),
      ...version,
    });
  }
  if (next.deleting && previous?.deleting !== true) {
    openDeletion(step, next, surveyed);
  }
  progress(step, next.uid);
}

/** A set has left the cluster; a replica set without finalizers goes without a word before. */
export function foldSetGone(step: Step, previous: Holding, gap: boolean): void {
  if (!previous.deleting) openDeletion(step, previous, gap);
  progress(step, previous.uid);
}

function openDeletion(step: Step, holding: Holding, gap: boolean): void {
  const set = setNameOf(holding);
  if (set === undefined) return;
  const { wanted, resourceVersion } = holding;
  openSizeChange(step, {
    set,
    operation: 'deleted',
    from: wanted,
    by: untold,
    gap,
    resourceVersion,
  });
}

/** The generation grows by one with each change of the spec: a jump means that some were not seen. */
function isSkipping(previous: Holding, next: Holding): boolean {
  return (next.generation ?? 0) > (previous.generation ?? 0) + 1;
}

/** managedFields name a program and no person, and any program may take any name: never proof. */
export function attributionOf(writer: Writer | undefined, act?: string): Attribution {
  if (writer === undefined) return { grade: 'unknown', how: 'managedFields name nobody' };
  const { manager, operation, subresource } = writer;
  const way = subresource ?? (operation === 'Apply' ? 'apply' : act);
  const how = `managedFields: ${manager}${way === undefined ? '' : ` (${way})`}`;
  return { actor: manager, grade: 'inferred', how };
}
