import type { JsonPatchStep, RawObject } from '#shared/cluster/cluster.ts';
import { modeAnnotation, poolFinalizer } from '#shared/contract/words.ts';
import type { LiveSet } from './live-sets.ts';
import { controllerOf, isTerminating, listAt, textsAt } from './raw-fields.ts';

/** What handing back one set comes to. */
export type ReleasePlan = {
  readonly set: LiveSet;
  /** The set does not say `observe` itself yet. */
  readonly setsMode: boolean;
  /** The pool carries our finalizer. */
  readonly freesSet: boolean;
  /** Living members that carry our finalizer. */
  readonly members: readonly RawObject[];
  /** Members on their way out: whoever lets them go loses their disks, so they stay as they are. */
  readonly leaving: number;
};

/** Undefined for a set that is being deleted: it has to come to its end first, or its disks would go unseen. */
export function planRelease(set: LiveSet, vms: readonly RawObject[]): ReleasePlan | undefined {
  if (set.deleting) return undefined;
  const own = vms.filter((vm) => controllerOf(vm) === set.uid && hasFinalizer(vm));
  const members = own.filter((vm) => !isTerminating(vm));
  return {
    set,
    setsMode: set.mode !== 'observe',
    freesSet: hasFinalizer(set.object),
    members,
    leaving: own.length - members.length,
  };
}

export function isDone({ setsMode, freesSet, members }: ReleasePlan): boolean {
  return !setsMode && !freesSet && members.length === 0;
}

/** Each step that a plan takes, in words. */
export function wordsFor({ setsMode, freesSet, members, leaving }: ReleasePlan): readonly string[] {
  return [
    ...(setsMode ? [`annotation ${modeAnnotation} becomes observe: Rollcall only watches it`] : []),
    ...(members.length > 0
      ? [`${members.length} living members lose the finalizer ${poolFinalizer}`]
      : []),
    ...(freesSet ? [`the pool itself loses the finalizer ${poolFinalizer}`] : []),
    ...(leaving > 0
      ? [`${leaving} members are being deleted and keep it: letting them go may cost their disks`]
      : []),
  ];
}

/** Says `observe` on the object that was read, and on no other of its name. */
export function observeSteps(object: RawObject): readonly JsonPatchStep[] {
  const hasAnnotations = Object.keys(textsAt(object, 'metadata', 'annotations')).length > 0;
  const key = modeAnnotation.replaceAll('~', '~0').replaceAll('/', '~1');
  return [
    testOfUid(object),
    hasAnnotations
      ? { op: 'add', path: `/metadata/annotations/${key}`, value: 'observe' }
      : { op: 'add', path: '/metadata/annotations', value: { [modeAnnotation]: 'observe' } },
  ];
}

/**
 * Takes our finalizer out and leaves the others in their places. The version is tested, too: an object
 * that somebody deletes between the read and this would go with its disks.
 */
export function freeSteps(object: RawObject): readonly JsonPatchStep[] {
  const place = listAt(object, 'metadata', 'finalizers').indexOf(poolFinalizer);
  if (place < 0) return [];
  const path = `/metadata/finalizers/${place}`;
  return [
    testOfUid(object),
    { op: 'test', path: '/metadata/resourceVersion', value: object.metadata?.resourceVersion },
    { op: 'test', path, value: poolFinalizer },
    { op: 'remove', path },
  ];
}

export function hasFinalizer(object: RawObject): boolean {
  return listAt(object, 'metadata', 'finalizers').includes(poolFinalizer);
}

function testOfUid(object: RawObject): JsonPatchStep {
  return { op: 'test', path: '/metadata/uid', value: object.metadata?.uid };
}
