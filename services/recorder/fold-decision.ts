import { isDestructive } from '#shared/contract/commands.ts';
import type { Command } from '#shared/contract/commands.ts';
import type { Decided, Decision, Held } from '#shared/contract/records.ts';
import { foldDestructive, foldPreserved, keepsDisks } from './fold-endangered.ts';
import { changeHold, startOperations } from './operations.ts';
import { enter, setNameIn } from './step.ts';
import type { Step } from './step.ts';

export function foldOpened(step: Step, record: Extract<Decision, { type: 'opened' }>): void {
  const { shard, sequence, at } = step.arrival;
  const { lineage, holder, codeVersion } = record;
  const takeOver = { shard, epoch: sequence, lineage, holder, codeVersion, at };
  enter(step, 'opened', takeOver);
  step.changes.takeOvers.set(shard, takeOver);
}

/**
 * A plan goes into the book with every disk that it endangers; a plan of status and events alone does
 * not. Only what is to be carried out touches the tables: advice is told and no more.
 */
export function foldDecided(step: Step, record: Decided): void {
  const { commands, set, epoch, plan, mode, because, basis, balance, candidates, vetoes } = record;
  const destructive = commands.filter(isDestructive);
  if (!commands.some(isActing)) return;
  enter(step, 'decided', {
    ...{ epoch, plan, set, mode, because, basis, balance },
    commands: Object.fromEntries(countByVerb(commands)),
    endangered: destructive
      .filter((command) => command.disks.length > 0 && !keepsDisks(command))
      .map(({ effect, verb, disks }) => ({ effect, verb, disks })),
    ...keptIn(commands),
    ...(candidates !== undefined && { candidates }),
    ...(vetoes !== undefined && { vetoes }),
  });
  if (mode !== 'manage') return;
  startOperations(step, set.uid, (activity) => {
    if (activity.operation !== 'member-replaced') return commands.some(changesMembers);
    return commands.some((command) => isReplacement(command, activity.member));
  });
  for (const command of destructive) foldDestructive(step, record, command);
  for (const command of commands) {
    if (command.verb === 'preserve-disk') foldPreserved(step, set, command);
  }
}

/** Told once for each change: a set that may not act, or may again. */
export function foldHeld(step: Step, record: Held): void {
  const { set, reason, because, epoch, basis } = record;
  enter(step, 'held', { set, reason, because, epoch, basis });
  const isGone = step.state.holdings.get(set.uid)?.goneAt !== undefined;
  changeHold(step, {
    set: setNameIn(record),
    ...(reason === undefined || isGone ? {} : { reason }),
    because,
    since: step.arrival.at,
  });
}

/** What a plan says of disks that outlive a member, and of those that a new one starts on. */
function keptIn(commands: readonly Command[]): object {
  const keeps = commands.flatMap((command): readonly object[] => {
    if (command.verb === 'preserve-disk') {
      const { effect, member, disk } = command;
      return [{ effect, member, disk }];
    }
    if (command.verb !== 'delete-member' || command.keepDisks !== true) return [];
    const { effect, member, disks } = command;
    return disks.length === 0 ? [] : [{ effect, member, disks }];
  });
  const takesUp = commands.flatMap((command) =>
    command.verb === 'create-vm' && command.takesUp !== undefined && command.takesUp.length > 0
      ? [{ effect: command.effect, name: command.name, disks: command.takesUp }]
      : [],
  );
  return {
    ...(keeps.length === 0 ? {} : { keeps }),
    ...(takesUp.length === 0 ? {} : { takesUp }),
  };
}

function isActing(command: Command): boolean {
  return command.verb !== 'write-status' && command.verb !== 'post-event';
}

function changesMembers(command: Command): boolean {
  return command.verb === 'create-vm' || command.verb === 'create-vmi' || isDestructive(command);
}

function isReplacement(command: Command, member: string | undefined): boolean {
  return command.verb === 'create-vmi' || (command.verb === 'create-vm' && command.name === member);
}

function countByVerb(commands: readonly Command[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { verb } of commands) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  return counts;
}
