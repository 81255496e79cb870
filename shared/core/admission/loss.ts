import { sortPolicies } from '#shared/contract/objects.ts';
import type { SortPolicy } from '#shared/contract/objects.ts';
import { keepsDisksOfMembers } from './keeps-disks.ts';
import { at, isSet } from './read.ts';

/** A write that makes machines of a pool go, as far as the write and the pool tell. */
export type Loss =
  | { readonly type: 'none' }
  /** Fewer are wanted, and yet nobody removes any. */
  | { readonly type: 'stays'; readonly strategy: 'unmanaged' | 'opportunistic' }
  | {
      readonly type: 'scale-in';
      readonly from: number;
      readonly to: number;
      /** Who goes first; undefined where it cannot be told beforehand. */
      readonly order: Exclude<SortPolicy, 'Random'> | undefined;
      /** False too where the pool is not known. */
      readonly isKnown: boolean;
    }
  | { readonly type: 'retire' };

export type LossRequest = {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  /** What is written. Go leaves replicas out of a Scale where they are 0; a pool without them wants 1. */
  readonly of: 'pool' | 'scale';
  readonly object: unknown;
  readonly oldObject: unknown;
  /** The pool as it will be, where it is known: the object itself, or what a Scale is about. */
  readonly pool: unknown;
  /** DeleteOptions and the like. */
  readonly options: unknown;
  /** Whether KubeVirt's own controllers act on sets that are not paused: they pick at random. */
  readonly kubevirtControllers: 'running' | 'off';
};

/** What a write of a pool, or of its scale, does to the pool's machines. */
export function lossOf(request: LossRequest): Loss {
  const { operation, object, oldObject, options } = request;
  switch (operation) {
    case 'CREATE':
      return { type: 'none' };
    case 'DELETE':
      return isOrphaning(options) || isTerminating(oldObject)
        ? { type: 'none' }
        : { type: 'retire' };
    case 'UPDATE':
      if (isTerminating(object)) return { type: 'none' };
      return scaleInLoss(request, {
        from: sizeOf(oldObject, request.of),
        to: sizeOf(object, request.of),
      });
  }
}

function sizeOf(object: unknown, of: LossRequest['of']): number {
  const replicas = at(object, 'spec', 'replicas');
  if (typeof replicas === 'number') return replicas;
  return of === 'scale' ? 0 : 1;
}

function isTerminating(object: unknown): boolean {
  return isSet(at(object, 'metadata', 'deletionTimestamp'));
}

/** kubectl delete --cascade=orphan, in its newer form and the one before. */
function isOrphaning(options: unknown): boolean {
  return at(options, 'propagationPolicy') === 'Orphan' || at(options, 'orphanDependents') === true;
}

function scaleInLoss(
  { pool, kubevirtControllers }: LossRequest,
  { from, to }: { readonly from: number; readonly to: number },
): Loss {
  if (to >= from) return { type: 'none' };
  const strategy = at(pool, 'spec', 'scaleInStrategy');
  if (isSet(at(strategy, 'unmanaged'))) return { type: 'stays', strategy: 'unmanaged' };
  if (isSet(at(strategy, 'opportunistic'))) return { type: 'stays', strategy: 'opportunistic' };
  if (keepsDisksOfMembers(pool)) return { type: 'none' };
  const isTheirs = kubevirtControllers === 'running' && at(pool, 'spec', 'paused') !== true;
  const order = isTheirs ? undefined : 'DescendingOrder';
  const isKnown = isSet(pool);
  return { type: 'scale-in', from, to, order: isKnown ? orderOf(strategy, order) : order, isKnown };
}

type Order = Extract<Loss, { readonly type: 'scale-in' }>['order'];

/** Selectors look at the template of each machine, which is not known here. */
function orderOf(strategy: unknown, usual: Order): Order {
  const policy = at(strategy, 'proactive', 'selectionPolicy');
  if (isSet(at(policy, 'selectors'))) return undefined;
  const sort = at(policy, 'sortPolicy');
  if (!isSet(sort)) return usual;
  const known = sortPolicies.find((one) => one === sort);
  return known === 'Random' ? undefined : known;
}
