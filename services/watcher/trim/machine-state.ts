import type { Vm } from '#shared/contract/objects.ts';
import { fieldsOf, flagOf, listOf, textOf } from './read.ts';

type Ready = NonNullable<Vm['ready']>;

/** The condition `Ready` of a VM or VMI, without its message. */
export function readReady(status: unknown): Ready | undefined {
  const conditions = listOf(fieldsOf(status)['conditions']);
  const ready = conditions.map(fieldsOf).find((condition) => condition['type'] === 'Ready');
  const state = textOf(ready?.['status']);
  if (ready === undefined || state === undefined) return undefined;
  const reason = textOf(ready['reason']);
  const lastProbeTime = ready['lastProbeTime'] === null ? null : textOf(ready['lastProbeTime']);
  return {
    status: state,
    ...(reason === undefined ? {} : { reason }),
    ...(lastProbeTime === undefined ? {} : { lastProbeTime }),
  };
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
