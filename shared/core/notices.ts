import type { Command, Notice } from '#shared/contract/commands.ts';
import type { SetKind } from '#shared/contract/kinds.ts';
import type { Memory } from './view.ts';

/** Over this time no more than `literalNotices` events of one reason are posted word for word. */
export const noticesWindowMs = 10 * 60 * 1000;
const literalNotices = 10;

/** How Kubernetes' own event recorders begin the text that stands for many. */
const combinedPrefix = '(combined from similar events): ';

export function isCombined(notice: Notice): boolean {
  return notice.message.startsWith(combinedPrefix);
}

/**
 * Keeps the events of a plan few: beyond the literal ones that a reason has left, the last command
 * carries one text for all the rest.
 */
export function thinNotices(
  commands: readonly Command[],
  context: { readonly memory: Memory; readonly kind: SetKind; readonly now: number },
): readonly Command[] {
  const left = new Map<string, number>();
  const rest = new Map<string, { last: number; count: number }>();
  commands.forEach(({ notice }, at) => {
    if (notice === undefined) return;
    const { reason } = notice;
    const free = left.get(reason) ?? literalsLeft(context.memory, reason, context.now);
    left.set(reason, free - 1);
    if (free <= 0) rest.set(reason, { last: at, count: (rest.get(reason)?.count ?? 0) + 1 });
  });
  if (rest.size === 0) return commands;
  return thinned(commands, { ...context, rest });
}

type Thinning = {
  readonly memory: Memory;
  readonly kind: SetKind;
  readonly now: number;
  readonly rest: ReadonlyMap<string, { readonly last: number; readonly count: number }>;
};

function thinned(commands: readonly Command[], thinning: Thinning): readonly Command[] {
  const used = new Map<string, number>();
  return commands.flatMap((command, at): readonly Command[] => {
    const { notice } = command;
    const rest = notice === undefined ? undefined : thinning.rest.get(notice.reason);
    if (notice === undefined || rest === undefined) return [command];
    const nth = used.get(notice.reason) ?? 0;
    used.set(notice.reason, nth + 1);
    if (nth < literalsLeft(thinning.memory, notice.reason, thinning.now)) return [command];
    if (at !== rest.last) return withoutNotice(command);
    const message = rest.count === 1 ? notice.message : summary(command, rest.count, thinning.kind);
    return [{ ...command, notice: { ...notice, message: combinedPrefix + message } }];
  });
}

/** A command that does nothing but tell has nothing left. */
function withoutNotice(command: Command): readonly Command[] {
  if (command.verb === 'post-event') return [];
  const { notice: _, ...silent } = command;
  return [silent];
}

function literalsLeft(memory: Memory, reason: string, now: number): number {
  const since = now - noticesWindowMs;
  const times = memory.notices.get(reason)?.filter((at) => at > since) ?? [];
  return Math.max(0, literalNotices - times.length);
}

function summary(command: Command, count: number, kind: SetKind): string {
  const isPool = kind === 'VirtualMachinePool';
  switch (command.verb) {
    case 'create-vm':
    case 'create-vmi':
      return isPool
        ? `Created ${count} VMs`
        : `Started ${count} virtual machines by creating new virtual machine instances`;
    case 'delete-member':
      if (command.purpose === 'clean-up') return `Deleted ${count} finished virtual machines`;
      return isPool
        ? `Deleted ${count} VMs from pool`
        : `Stopped ${count} virtual machines by deleting their virtual machine instances`;
    case 'update-vm':
      return `Updated ${count} VMs`;
    case 'restart-member':
    case 'label-instance':
      return `Successfully updated ${count} resources`;
    case 'secure-set':
    case 'mark-api-version':
    case 'create-revision':
    case 'free-member':
    case 'retire-set':
    case 'write-status':
    case 'post-event':
    case 'secure-member':
    case 'release-member':
    case 'adopt-member':
    case 'preserve-disk':
    case 'delete-revision':
    case 'roll-back':
      return command.notice?.message ?? '';
  }
}
