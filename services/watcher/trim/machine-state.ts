import type { Vm } from '#shared/contract/objects.ts';
import { fieldsOf, flagOf, isSet, listOf, textMapOf, textOf } from './read.ts';
import type { Fields } from './read.ts';

type Ready = NonNullable<Vm['ready']>;

/** The condition `Ready` of a VM or VMI, without its message. */
export function readReady(status: unknown): Ready | undefined {
  const conditions = listOf(fieldsOf(status)['conditions']);
  const ready = conditions.map(fieldsOf).find((condition) => condition['type'] === 'Ready');
  const state = textOf(ready?.['status']);
  if (ready === undefined || state === undefined) return undefined;
  const reason = textOf(ready['reason']);
  const lastProbeTime = timeIn(ready, 'lastProbeTime');
  const lastTransitionTime = timeIn(ready, 'lastTransitionTime');
  return {
    status: state,
    ...(reason === undefined ? {} : { reason }),
    ...(lastProbeTime === undefined ? {} : { lastProbeTime }),
    ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
  };
}

/** KubeVirt writes null for a time that it has not set, and that is told. */
function timeIn(condition: Fields, name: string): string | null | undefined {
  return condition[name] === null ? null : textOf(condition[name]);
}

/** Where a VMI may run, of its spec or of the template of one. */
export function readNodeSelector(vmiSpec: unknown): Pick<Vm, 'nodeSelector'> {
  const { nodeSelector } = fieldsOf(vmiSpec);
  return isSet(nodeSelector) ? { nodeSelector: textMapOf(nodeSelector) } : {};
}

/** `running` is the older spelling of runStrategy Always and Halted. */
export function readRunStrategy(vmSpec: unknown): string | undefined {
  const { runStrategy, running } = fieldsOf(vmSpec);
  const strategy = textOf(runStrategy);
  if (strategy !== undefined) return strategy;
  const isRunning = flagOf(running);
  if (isRunning === undefined) return undefined;
  return isRunning ? 'Always' : 'Halted';
}
