import type { ResourceVersion } from '#shared/contract/ids.ts';
import type { ScaledSet, Writer } from '#shared/contract/objects.ts';
import { mannerChanges } from './manner.ts';
import { changeHold, endOperation, judgeOpen, openSizeChange, progress } from './operations.ts';
import type { Attribution, Holding, SetName } from './rows.ts';
import { enter, openOperations, setNameOf } from './step.ts';
import type { Step } from './step.ts';
import { missedInWords } from './testimony.ts';
import { writeOf } from './writes.ts';

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
  if (previous?.deleting === true && !next.deleting) endDeletion(step, next.uid);
  if (previous === undefined) {
    const isFound = next.createdAt < (step.state.beganAt ?? step.arrival.at) - foundAfterMs;
    const missed = isFound ? undefined : missedSince(0, next);
    openSizeChange(step, {
      set,
      operation: isFound ? 'found' : 'created',
      to: next.wanted,
      evidence: {
        otherwise: attributionOf(object.createdBy, 'create', missed),
        ...(missed === undefined ? {} : { missed }),
      },
      gap: (surveyed && !isFound) || missed !== undefined,
      ...version,
    });
  } else if (previous.wanted !== next.wanted) {
    const missed = missedSince(previous.generation, next);
    openSizeChange(step, {
      set,
      operation: 'scaled',
      from: previous.wanted,
      to: next.wanted,
      evidence: {
        otherwise: attributionOf(object.replicasBy, undefined, missed),
        ...(object.replicasBy === undefined ? {} : { writer: object.replicasBy }),
        after: previous.resourceVersion,
        ...(missed === undefined ? {} : { missed }),
      },
      gap: surveyed || missed !== undefined,
      ...version,
    });
  }
  if (previous !== undefined) noteManner(step, set, { previous, next, surveyed });
  if (previous !== undefined && previous.rests !== next.rests) judgeOpen(step, next.uid);
  if (next.deleting && previous?.deleting !== true) {
    openDeletion(step, next, { after: previous?.resourceVersion, gap: surveyed });
  }
  progress(step, next.uid);
}

type Edit = { readonly previous: Holding; readonly next: Holding; readonly surveyed: boolean };

/**
 * Everything else that an edit changed: paused, mode, template, strategies. Who did it is told by the write.
 * What was changed and changed back unseen is told as well, though nothing differs in the end.
 */
function noteManner(step: Step, set: SetName, { previous, next, surveyed }: Edit): void {
  if (previous.manner === undefined || next.manner === undefined) return;
  const changes = mannerChanges(previous.manner, next.manner);
  const missed = missedSince(previous.generation, next);
  const isBack = changes.length === 0;
  if (isBack && (missed === undefined || isToldOtherwise(previous, next))) return;
  enter(step, 'set-changed', {
    set,
    changes,
    write: writeOf(next.uid, next.resourceVersion),
    generation: next.generation,
    missed,
    gap: surveyed || missed !== undefined,
    ...(isBack ? { how: 'the generation has jumped: changed and changed back unseen' } : {}),
  });
}

/** A change of the size tells what was missed with it; generations of a time that is void tell nothing. */
function isToldOtherwise(previous: Holding, next: Holding): boolean {
  return previous.wanted !== next.wanted || previous.resourceVersion === '0';
}

/** A set has left the cluster; a replica set without finalizers goes without a word before. */
export function foldSetGone(step: Step, previous: Holding, gap: boolean): void {
  endHold(step, previous);
  if (!previous.deleting) openDeletion(step, previous, { after: previous.resourceVersion, gap });
  progress(step, previous.uid);
}

/** Nobody tells of a set that is gone that nothing holds it any more. */
function endHold(step: Step, holding: Holding): void {
  const set = setNameOf(holding);
  if (set === undefined) return;
  const because = 'the set is gone';
  changeHold(step, { set, because, since: step.arrival.at });
}

/** Nobody takes a deletion back but by setting the whole cluster back: it has never been. */
function endDeletion(step: Step, setUid: string): void {
  for (const open of openOperations(step, setUid)) {
    if (open.operation === 'deleted') endOperation(step, open, 'superseded');
  }
}

function openDeletion(
  step: Step,
  holding: Holding,
  { after, gap }: { readonly after: ResourceVersion | undefined; readonly gap: boolean },
): void {
  const set = setNameOf(holding);
  if (set === undefined) return;
  const { wanted, resourceVersion, deletedAt } = holding;
  openSizeChange(step, {
    set,
    operation: 'deleted',
    from: wanted,
    evidence: {
      otherwise: untold,
      ...(after === undefined ? {} : { after }),
      ...(deletedAt === undefined ? {} : { deletedAt }),
    },
    gap,
    resourceVersion,
  });
}

/**
 * How many changes of the spec came between two versions, unseen: the generation grows by one with each,
 * and a deletion is one of them. What they were nobody knows, and any of them may have been of the size.
 */
function missedSince(generation: number | undefined, next: Holding): number | undefined {
  if (generation === undefined || next.generation === undefined) return undefined;
  const missed = next.generation - generation - 1;
  return missed > 0 ? missed : undefined;
}

/** managedFields name a program and no person, and any program may take any name: never proof. */
function attributionOf(writer: Writer | undefined, act?: string, missed?: number): Attribution {
  const but = missed === undefined ? '' : `, ${missedInWords(missed)}`;
  if (writer === undefined) return { grade: 'unknown', how: `managedFields name nobody${but}` };
  const { manager, operation, subresource } = writer;
  const way = subresource ?? (operation === 'Apply' ? 'apply' : act);
  const how = `managedFields: ${manager}${way === undefined ? '' : ` (${way})`}${but}`;
  return { actor: manager, grade: 'inferred', how };
}
