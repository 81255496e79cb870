import type { DestructiveCommand } from '#shared/contract/commands.ts';
import type { Member, Pool } from '#shared/contract/objects.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';
import { endangeredDisks } from '../disks.ts';
import { mostDestroyed, recentlyDestroyed } from '../mass-delete.ts';
import { controllerOf, desiredOf, isTerminating } from '../objects.ts';
import { hasPoolFinalizer, poolMembers } from '../pool/members.ts';
import { unsupportedHold } from '../pool/round.ts';
import { isFinished } from '../replicaset/members.ts';
import { standingOf } from '../replicaset/standing.ts';
import { unsupportedFields } from '../unsupported.ts';
import type { View } from '../view.ts';
import { finding, withVerb, type Checked } from './checked.ts';

type MemberRemoval = Extract<DestructiveCommand, { verb: 'delete-member' | 'free-member' }>;

/** I4, I7, I8, I11, I15: only our own members go, with their disks told, and never too many. */
export function checkRemovals(checked: Checked): readonly string[] {
  const removals = withVerb(checked, 'delete-member', 'free-member');
  return [
    ...removals.flatMap((command) => checkMember(checked, command)),
    ...checkScaleIn(checked),
    ...checkMassDelete(checked),
    ...checkRetire(checked),
  ];
}

function checkMember(checked: Checked, command: MemberRemoval): readonly string[] {
  const { view, set } = checked;
  const { name, uid } = command.member;
  const member = memberOf(view, command);
  if (member === undefined) return [`I4 ${name} (${uid}) is not a member that the view knows`];
  return [
    ...finding(member.meta.name !== name, `I4 ${uid} is not called ${name}`),
    ...finding(
      controllerOf(member.meta)?.uid !== set.meta.uid,
      `I4 ${name} is not owned by the set`,
    ),
    ...finding(
      canonicalJson(command.disks) !== canonicalJson(endangeredDisks(view, member)),
      `I7 the endangered disks of ${name} are not all listed`,
    ),
    ...finding(
      command.verb === 'free-member' && !isTerminating(member) && !isTerminating(set),
      `I15 ${name} is let go though neither it nor its set is being deleted`,
    ),
  ];
}

function memberOf(view: View, command: MemberRemoval): Member | undefined {
  const object = view.objects.get(command.member.uid);
  const isMember = object?.kind === 'VirtualMachine' || object?.kind === 'VirtualMachineInstance';
  return isMember ? object : undefined;
}

function checkScaleIn(checked: Checked): readonly string[] {
  const victims = withVerb(checked, 'delete-member').filter(
    ({ purpose }) => purpose === 'scale-in',
  );
  if (victims.length === 0) return [];
  const { set } = checked;
  const text = 'I11 a set that asks for something not built is scaled in';
  if (set.kind === 'VirtualMachinePool') {
    const pool = { ...checked, set };
    const members = poolMembers(pool);
    const unsupported = unsupportedHold(pool, members);
    const highest = new Set(members.staying.slice(0, members.surplus).map(({ meta }) => meta.uid));
    return [
      ...finding(unsupported !== undefined, text),
      ...victims.flatMap(({ member }) =>
        finding(!highest.has(member.uid), `I11 ${member.name} is not among the highest ordinals`),
      ),
    ];
  }
  const { staying } = standingOf({ ...checked, set });
  return [
    ...finding(unsupportedFields(set).length > 0, text),
    ...finding(
      staying.length - victims.length < desiredOf(set),
      'I11 fewer members than wanted would stay',
    ),
  ];
}

/** Counts only what is destroyed by our own choice: what others deleted is let go in any number. */
function checkMassDelete(checked: Checked): readonly string[] {
  const { view, set, memory, moment } = checked;
  const chosen = withVerb(checked, 'delete-member').filter((command) => {
    const member = memberOf(view, command);
    const isOver = member?.kind === 'VirtualMachineInstance' && isFinished(member);
    return command.purpose !== 'clean-up' || !isOver;
  });
  const explained = chosen.some(({ purpose }) => purpose === 'scale-in') ? memory.explained : 0;
  const unexplained = Math.max(0, chosen.length - explained);
  if (unexplained === 0) return [];
  const recent = recentlyDestroyed(memory, moment.now - moment.limits.massDeleteWindowMs).length;
  const size = Math.max(desiredOf(set), sizeOf(checked));
  return finding(
    recent + unexplained > mostDestroyed(moment.limits, size),
    'I8 too many members would be destroyed',
  );
}

function sizeOf(checked: Checked): number {
  const { set } = checked;
  if (set.kind === 'VirtualMachinePool') return poolMembers({ ...checked, set }).all.length;
  const { members } = standingOf({ ...checked, set });
  return members.active.length + members.unknown.length;
}

function checkRetire(checked: Checked): readonly string[] {
  if (withVerb(checked, 'retire-set').length === 0) return [];
  const { set, pending } = checked;
  if (set.kind !== 'VirtualMachinePool') return ['I15 only a pool is retired'];
  return [
    ...finding(!isTerminating(set), 'I15 a pool that is not being deleted is retired'),
    ...finding(!isEveryDiskTold(checked, set), 'I7 a disk of the pool is not listed'),
    ...finding(hasHeldMember(checked, set), 'I15 the pool is retired before its members'),
    ...finding(
      pending.some(({ command }) => command.verb === 'create-vm'),
      'I15 the pool is retired while a member is being made',
    ),
  ];
}

/** Disks that the book has not been told of by letting their member go. */
function isEveryDiskTold(checked: Checked, set: Pool): boolean {
  const told = new Set(
    withVerb(checked, 'retire-set').flatMap(({ disks }) =>
      disks.map((disk) => disk.claim?.uid ?? disk.dataVolume?.uid),
    ),
  );
  return poolMembers({ ...checked, set })
    .all.filter(({ meta }) => !checked.memory.freed.has(meta.uid))
    .flatMap((vm) => endangeredDisks(checked.view, vm))
    .every((disk) => told.has(disk.claim?.uid ?? disk.dataVolume?.uid));
}

function hasHeldMember(checked: Checked, set: Pool): boolean {
  return poolMembers({ ...checked, set }).all.some(hasPoolFinalizer);
}
