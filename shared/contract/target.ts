import type { Command } from './commands.ts';
import type { Uid } from './ids.ts';
import type { Kind } from './kinds.ts';

/** The object that a command is about. */
export type Target =
  /** It does not stand yet; the command makes it under this name. */
  | { readonly type: 'made'; readonly kind: Kind; readonly name: string }
  /** It stands, and only the object of this uid is meant. */
  | { readonly type: 'standing'; readonly name: string; readonly uid: Uid }
  /** The set of the plan, which the command does not name. */
  | { readonly type: 'set' }
  /** An event is about the set and changes nothing of it. */
  | { readonly type: 'event' };

export function targetOf(command: Command): Target {
  switch (command.verb) {
    case 'create-vm':
      return { type: 'made', kind: 'VirtualMachine', name: command.name };
    case 'create-vmi':
      return { type: 'made', kind: 'VirtualMachineInstance', name: command.name };
    case 'create-revision':
      return { type: 'made', kind: 'ControllerRevision', name: command.name };
    case 'delete-member':
    case 'free-member':
    case 'secure-member':
    case 'release-member':
    case 'adopt-member':
    case 'update-vm':
      return { type: 'standing', ...command.member };
    case 'restart-member':
    case 'label-instance':
      return { type: 'standing', ...command.instance };
    case 'preserve-disk':
      return { type: 'standing', name: command.disk.name, uid: command.disk.uid };
    case 'delete-revision':
      return { type: 'standing', name: command.name, uid: command.uid };
    case 'secure-set':
    case 'mark-api-version':
    case 'retire-set':
    case 'roll-back':
    case 'write-status':
      return { type: 'set' };
    case 'post-event':
      return { type: 'event' };
  }
}
