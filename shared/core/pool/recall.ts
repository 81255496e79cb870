import type { Command } from '#shared/contract/commands.ts';
import type { Pool, Vm } from '#shared/contract/objects.ts';
import { nothing, type Situation, type Step } from '../situation.ts';
import { keepMarkOf } from './keep-mark.ts';
import { keepsDisks, kept } from './policy.ts';
import type { Rollout } from './rollout.ts';

/**
 * Calls back removals that have not begun and would lose disks that are to stay by now. An annotation does
 * not raise the generation, so nothing else makes such a plan out of date. One that keeps disks goes on,
 * whatever the policy becomes: a disk too many can be deleted later.
 */
export function recall(situation: Situation<Pool>, rollout: Rollout): Step {
  const { pending, view } = situation;
  const withdraws = pending.flatMap(({ command, outcome, withdrawn }) => {
    if (outcome !== undefined || withdrawn || !('member' in command)) return [];
    const vm = view.objects.get(command.member.uid);
    if (vm?.kind !== 'VirtualMachine') return [];
    return losesKept(situation, { command, vm, rollout }) ? [command.effect] : [];
  });
  if (withdraws.length === 0) return nothing;
  const because = `disks are to stay: ${withdraws.length} removals that have not begun are called back`;
  return { type: 'act', because, commands: [], withdraws };
}

type Removal = { readonly command: Command; readonly vm: Vm; readonly rollout: Rollout };

function losesKept({ set, memory }: Situation<Pool>, { command, vm, rollout }: Removal): boolean {
  if (command.verb === 'free-member') {
    return command.purpose !== 'retire' && command.disks.length > 0 && kept(set, memory, vm);
  }
  if (command.verb !== 'delete-member' || command.keepDisks === true) return false;
  if (keepMarkOf(vm.meta.annotations) === 'wished') return true;
  switch (command.purpose) {
    case 'scale-in':
    case 'surge':
      return keepsDisks(set, vm, command.purpose);
    case 'replace':
      return !rollout.mayReplaceDisks;
    case 'heal':
    case 'retire':
    case 'free':
    case 'clean-up':
      return false;
  }
}
