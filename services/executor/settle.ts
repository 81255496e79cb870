import type { Command } from '#shared/contract/commands.ts';
import type { Settled } from '#shared/contract/records.ts';
import type { Job } from './backlog.ts';
import type { Result } from './call.ts';

/** The record of what became of a command. */
export function settledRecord(job: Job, result: Result): Settled {
  const { command, plan } = job;
  const { returned, ...rest } = result;
  return {
    type: 'settled',
    effect: command.effect,
    set: plan.set,
    verb: command.verb,
    name: objectOf(command, plan.set.name),
    ...rest,
    ...(returned !== undefined && { returned: [...returned] }),
  };
}

/** Name of the object that a command is about; the set itself where it names none. */
function objectOf(command: Command, set: string): string {
  switch (command.verb) {
    case 'create-revision':
    case 'create-vm':
    case 'create-vmi':
    case 'delete-revision':
      return command.name;
    case 'delete-member':
    case 'free-member':
    case 'secure-member':
    case 'release-member':
    case 'adopt-member':
    case 'update-vm':
      return command.member.name;
    case 'restart-member':
    case 'label-instance':
      return command.instance.name;
    case 'preserve-disk':
      return command.disk.name;
    case 'secure-set':
    case 'mark-api-version':
    case 'retire-set':
    case 'roll-back':
    case 'write-status':
    case 'post-event':
      return set;
  }
}
