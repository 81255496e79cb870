import type { Uid } from '#shared/contract/ids.ts';
import type { Observable, Pool, Vm, Vmi } from '#shared/contract/objects.ts';
import { controllerOf, isTerminating, namedAs } from '../objects.ts';
import type { Situation } from '../situation.ts';
import { isOff } from './run-strategy.ts';

export type Instances = {
  /** What a VM runs: the instance of its name that it controls. */
  readonly instanceOf: (vm: Vm) => Vmi | undefined;
  /** Whether it is on its way out. */
  readonly isLeaving: (vmi: Vmi) => boolean;
};

export function instancesOf({ view, set, pending }: Situation<Pool>): Instances {
  const names = view.named.get('VirtualMachineInstance')?.get(set.meta.namespace);
  const restarting = new Set<string>();
  for (const { command } of pending) {
    if (command.verb === 'restart-member') restarting.add(command.instance.uid);
  }
  return {
    instanceOf: ({ meta }) => {
      const known = names?.get(meta.name);
      if (known === undefined) return undefined;
      const found =
        typeof known === 'string'
          ? view.objects.get(known)
          : namedAs(view, 'VirtualMachineInstance', meta).find((vmi) => runs(meta.uid, vmi));
      const isIts = found?.kind === 'VirtualMachineInstance' && runs(meta.uid, found);
      return isIts ? found : undefined;
    },
    isLeaving: (vmi) => isTerminating(vmi) || restarting.has(vmi.meta.uid),
  };
}

function runs(vm: Uid, { meta }: Observable): boolean {
  return controllerOf(meta)?.uid === vm;
}

/** A machine that is switched off is not missed. */
export function isUnavailable(vm: Vm, vmi: Vmi | undefined): boolean {
  if (isOff(vm, vmi)) return false;
  return vmi?.phase !== 'Running' || vmi.ready?.status !== 'True';
}
