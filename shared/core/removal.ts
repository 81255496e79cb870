import type { Command, EndangeredDisk, Notice, Purpose } from '#shared/contract/commands.ts';
import type { Member } from '#shared/contract/objects.ts';
import type { Candidate, Hold } from './situation.ts';
import { isUnclear, memberHold } from './annotations.ts';
import { disksPerPlan, endangeredDisks } from './disks.ts';
import { soonest } from './per-target.ts';
import { refusalText, refusalsOf, waitsUntil } from './refusals.ts';
import { effectAt, roomOf, type Situation, type Trouble } from './situation.ts';

/** How many members after the chosen ones a decision keeps for whoever asks why not those. */
const runnersUp = 20;

export type Removal = {
  /** In the order in which they go. */
  readonly order: readonly Member[];
  /** How many of them have to go. */
  readonly wanted: number;
  readonly purpose: Purpose | ((member: Member) => Purpose);
  readonly because: string;
  readonly noticeOf: (member: Member) => Notice;
  /** The revision for which disks are replaced. */
  readonly revision?: string | undefined;
  /** Whether the disks of a member outlive it; none does if absent. */
  readonly keepsDisksOf?: (member: Member) => boolean;
  /** Why one that is further back in the order is passed over, for whoever asks why not that one. */
  readonly vetoOf?: (member: Member) => string | undefined;
};

export type Removed = {
  readonly commands: readonly Command[];
  readonly candidates: Candidate[];
  readonly backingOff: number;
  readonly wakeAt: number | undefined;
  /** Stands while one that has to go carries an annotation that nobody understands. */
  readonly hold: Hold | undefined;
};

/**
 * Deletes of the members that have to go, as many as one plan may hold. A member whose delete was refused
 * keeps its place and waits: taking the next instead would remove one that is to stay; and so does one whose
 * annotation may have been meant to keep its disks.
 */
export function removeMembers(situation: Situation, removal: Removal): Removed {
  const { view, memory, moment } = situation;
  const commands: Command[] = [];
  const vetoed = new Map<string, string>();
  const unclear: Member[] = [];
  let listed = 0;
  let wakeAt: number | undefined;
  const room = roomOf(situation);
  for (const member of removal.order.slice(0, removal.wanted)) {
    if (commands.length >= room) break;
    const { uid } = member.meta;
    if (isUnclear(member)) {
      vetoed.set(uid, 'annotation not understood');
      unclear.push(member);
      continue;
    }
    const until = waitsUntil(view, memory, { class: 'delete', target: uid, now: moment.now });
    if (until !== undefined) {
      vetoed.set(uid, 'backing off');
      wakeAt = soonest(wakeAt, until);
      continue;
    }
    const disks = endangeredDisks(view, member);
    if (listed + disks.length > disksPerPlan) break;
    listed += disks.length;
    commands.push(deleteMember(situation, removal, { member, disks, at: commands.length }));
  }
  const candidates = candidatesOf(removal, commands, vetoed);
  const backingOff = vetoed.size - unclear.length;
  return { commands, candidates, backingOff, wakeAt, hold: memberHold(unclear) };
}

/** Stands while members are too many and a delete was refused. */
export function removalTrouble(
  { memory, pending }: Situation,
  order: readonly Member[],
  asTrouble: (text: string) => Trouble,
): Trouble | undefined {
  const refusals = refusalsOf(memory, { class: 'delete' });
  if (refusals.length === 0) return undefined;
  const subjects = new Set<string | undefined>([
    ...order.map(({ meta }) => meta.uid),
    // One that is tried again is no success yet.
    ...pending.map(({ command }) =>
      command.verb === 'delete-member' ? command.member.uid : undefined,
    ),
  ]);
  subjects.delete(undefined);
  const refusal = refusals.findLast(
    ({ behind, target }) => behind === undefined && subjects.has(target),
  );
  return refusal === undefined ? undefined : asTrouble(refusalText(refusal));
}

type Victim = {
  readonly member: Member;
  readonly disks: readonly EndangeredDisk[];
  readonly at: number;
};

function deleteMember(
  situation: Situation,
  { purpose, because, noticeOf, revision, keepsDisksOf }: Removal,
  { member, disks, at }: Victim,
): Command {
  return {
    verb: 'delete-member',
    effect: effectAt(situation, at),
    because,
    notice: noticeOf(member),
    member: { name: member.meta.name, uid: member.meta.uid },
    purpose: typeof purpose === 'function' ? purpose(member) : purpose,
    disks: [...disks],
    ...(keepsDisksOf?.(member) === true && { keepDisks: true }),
    ...(revision !== undefined && { revision }),
  };
}

function candidatesOf(
  { order, vetoOf }: Removal,
  commands: readonly Command[],
  vetoed: ReadonlyMap<string, string>,
): Candidate[] {
  const chosen = new Set(
    commands.flatMap((command) => (command.verb === 'delete-member' ? [command.member.uid] : [])),
  );
  return order.slice(0, chosen.size + vetoed.size + runnersUp).map((member) => {
    const { name, uid } = member.meta;
    const veto = vetoed.get(uid) ?? vetoOf?.(member);
    return { name, uid, chosen: chosen.has(uid), ...(veto !== undefined && { veto }) };
  });
}
