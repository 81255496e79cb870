import type { KubeObject } from '../store/types.ts';
import { hasEnded } from './instance-status.ts';
import { listAt, textAt } from './read.ts';

/** How KubeVirt remembers, over the end of an instance, that there is to be another. */
export const startRequests = [{ action: 'Start' }];

export function isStartRequested(machine: KubeObject): boolean {
  const requests = listAt(machine, 'status', 'stateChangeRequests');
  return requests.some((request) => textAt(request, 'action') === 'Start');
}

/** Only RerunOnFailure needs the reminder: from the failure of an instance until the next one is there. */
export function wantsStart(
  machine: KubeObject,
  { instance, strategy }: { readonly instance: KubeObject | undefined; readonly strategy: string },
): boolean {
  if (strategy !== 'RerunOnFailure') return false;
  if (instance === undefined) return isStartRequested(machine);
  if (!hasEnded(instance)) return false;
  return textAt(instance, 'status', 'phase') === 'Failed';
}
