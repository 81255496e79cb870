import type { Command } from '#shared/contract/commands.ts';
import type { Settled } from '#shared/contract/records.ts';
import { targetOf } from '#shared/contract/target.ts';
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
    name: nameOf(command, plan.set.name),
    ...rest,
    ...(returned !== undefined && { returned: [...returned] }),
  };
}

/** Name of the object that a command is about; the set itself where it names none. */
function nameOf(command: Command, set: string): string {
  const target = targetOf(command);
  return 'name' in target ? target.name : set;
}
