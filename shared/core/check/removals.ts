import type { DestructiveCommand } from '#shared/contract/commands.ts';
import type { Member, Pool } from '#shared/contract/objects.ts';
import { replaceDisksAnnotation } from '#shared/contract/words.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';
import { endangeredDisks } from '../disks.ts';
import { mostDestroyed, recentlyDestroyed } from '../mass-delete.ts';
import { controllerOf, desiredOf, isTerminating, ownedBy } from '../objects.ts';
import { isDetachedFrom } from '../pool/detached.ts';
import { isMarkedKept } from '../pool/keep-mark.ts';
import { hasPoolFinalizer, poolMembers } from '../pool/members.ts';
import { poolState } from '../pool/round.ts';
import { victimsOf } from '../pool/scale-in.ts';
import { isFinished } from '../replicaset/members.ts';
import { standingOf } from '../replicaset/standing.ts';
import { compareDigests } from '../template.ts';
import type { Memory, View } from '../view.ts';
import { finding, withVerb, type Checked } from './checked.ts';

type MemberRemoval = Extract<DestructiveCommand, { verb: 'delete-member' | 'free-member' }>;

/** I4, I7, I8, I11, I15: only our own members go, with their disks told, and never too many. */
export function checkRemovals(checked: Checked): readonly string[] {
  const removals = withVerb(checked, 'delete-member', 'free-member');
  return [
    ...removals.flatMap((command) => checkMember(checked, command)),
    ...checkScaleIn(checked),
    ...checkMassDelete(checked),
    ...checkHealing(checked),
    ...checkReplacing(checked),
    ...checkRetire(checked),
  ];
}

function checkMember(checked: Checked, command: MemberRemoval): readonly string[] {
  const { view, set, memory } = checked;
  const { name, uid } = command.member;
  const member = memberOf(view, command);
  if (member === undefined) return [`I4 ${name} (${uid}) is not a member that the view knows`];
  return [
    ...finding(member.meta.name !== name, `I4 ${uid} is not called ${name}`),
    ...finding(!isOurs(checked, command, member), `I4 ${name} is not owned by the set`),
    ...finding(
      command.verb === 'free-member' && keepsDisks(memory, member) && command.disks.length > 0,
      `I28 ${name} is let go while disks that are kept hang on it`,
    ),
    ...finding(
      canonicalJson(command.disks) !== canonicalJson(endangeredDisks(view, member)),
      `I7 the endangered disks of ${name} are not all listed`,
    ),
    ...finding(
      command.verb === 'free-member' && !isTerminating(member) && !isTerminating(set),
      `I15 ${name} is let go though neither it nor its set is being deleted`,
    ),
    ...finding(
      command.verb === 'delete-member' &&
        command.purpose === 'retire' &&
        !(isTerminating(set) && command.keepDisks === true && keepsDisks(memory, member)),
      `I15 ${name} is deleted to retire its pool, which would take it anyway`,
    ),
  ];
}

/** By our decision, or by what the member itself says. One that has no owner any more goes with nobody. */
function keepsDisks(memory: Memory, member: Member): boolean {
  if (memory.keeps.has(member.meta.uid)) return true;
  const goes = isTerminating(member) || controllerOf(member.meta) !== undefined;
  return goes && member.kind === 'VirtualMachine' && isMarkedKept(member);
}

/** A member that someone detached and then deleted hangs on our finalizer all the same. */
function isOurs({ view, set, decided }: Checked, command: MemberRemoval, member: Member): boolean {
  if (controllerOf(member.meta)?.uid === set.meta.uid) return true;
  if (command.verb !== 'free-member' || member.kind !== 'VirtualMachine') return false;
  // I33 sees to whose those are.
  if (decided.set.gone === true) return true;
  return set.kind === 'VirtualMachinePool' && isDetachedFrom(view, set, member);
}

function memberOf(view: View, command: MemberRemoval): Member | undefined {
  const object = view.objects.get(command.member.uid);
  const isMember = object?.kind === 'VirtualMachine' || object?.kind === 'VirtualMachineInstance';
  return isMember ? object : undefined;
}

/** Only what the strategy chooses goes, and never more than is too much. */
function checkScaleIn(checked: Checked): readonly string[] {
  const victims = withVerb(checked, 'delete-member').filter(
    ({ purpose }) => purpose === 'scale-in' || purpose === 'surge',
  );
  if (victims.length === 0) return [];
  const { set } = checked;
  if (set.kind === 'VirtualMachinePool') return checkPoolScaleIn({ ...checked, set }, victims);
  const { staying } = standingOf({ ...checked, set });
  return finding(
    staying.length - victims.length < desiredOf(set),
    'I11 fewer members than wanted would stay',
  );
}

function checkPoolScaleIn(
  pool: Checked & { readonly set: Pool },
  victims: readonly MemberRemoval[],
): readonly string[] {
  const { members, count } = poolState(pool);
  const { order, extras } = victimsOf(pool.set, members, count);
  const ended = new Set(extras.map(({ meta }) => meta.uid));
  const chosen = new Set(order.slice(0, Math.max(0, count.surplus)).map(({ meta }) => meta.uid));
  const { type = 'proactive' } = pool.set.scaleIn ?? {};
  return [
    ...finding(type !== 'proactive', `I11 an ${type} pool is scaled in`),
    ...victims.flatMap(({ member, purpose }) => [
      ...finding(!chosen.has(member.uid), `I11 ${member.name} is not among those that go first`),
      ...finding(
        (purpose === 'surge') !== ended.has(member.uid),
        `I11 ${member.name} goes as an extra member and is none, or the other way round`,
      ),
    ]),
  ];
}

/** Counts only what is destroyed by our own choice: what others deleted is let go in any number. */
function checkMassDelete(checked: Checked): readonly string[] {
  const { view, set, memory, moment } = checked;
  const chosen = withVerb(checked, 'delete-member').filter((command) => {
    // Somebody has named the revision for which these disks go: I32 sees to that.
    if (command.purpose === 'replace' || command.purpose === 'retire') return false;
    const member = memberOf(view, command);
    const isOver = member?.kind === 'VirtualMachineInstance' && isFinished(member);
    return command.purpose !== 'clean-up' || !isOver;
  });
  const lowered = chosen.filter(({ purpose }) => purpose === 'scale-in').length;
  const unexplained = chosen.length - Math.min(lowered, memory.explained);
  if (unexplained === 0) return [];
  const recent = recentlyDestroyed(memory, moment.now - moment.limits.massDeleteWindowMs).length;
  const size = Math.max(desiredOf(set), sizeOf(checked));
  return finding(
    recent + unexplained > mostDestroyed(moment.limits, size),
    'I8 too many members would be destroyed',
  );
}

/** I31: healing stays within its own, narrower limit, whatever the guard allows. */
function checkHealing(checked: Checked): readonly string[] {
  const { set, memory, moment } = checked;
  const healed = withVerb(checked, 'delete-member').filter(({ purpose }) => purpose === 'heal');
  if (healed.length === 0) return [];
  const since = moment.now - moment.limits.massDeleteWindowMs;
  const recent = [...memory.destroyed.values()].filter(
    ({ at, heals }) => heals === true && at > since,
  ).length;
  const most = Math.max(1, Math.floor(0.2 * Math.max(desiredOf(set), sizeOf(checked))));
  return finding(recent + healed.length > most, 'I31 more members are healed than may be');
}

/** I32: disks are replaced only for the revision that somebody has named, of members that come back. */
function checkReplacing(checked: Checked): readonly string[] {
  const { set, view } = checked;
  const replaced = withVerb(checked, 'delete-member').filter(
    ({ purpose }) => purpose === 'replace',
  );
  if (replaced.length === 0) return [];
  const named = set.meta.annotations[replaceDisksAnnotation];
  const keeps = ownedBy(view, set.meta.uid).some(
    (object) =>
      object.kind === 'ControllerRevision' &&
      object.meta.name === named &&
      compareDigests(object.digest, set.template?.digest) === 'same',
  );
  const others = replaced.some(({ revision }) => revision !== named);
  const isTooLarge =
    set.kind === 'VirtualMachinePool' && poolState({ ...checked, set }).count.surplus > 0;
  return [
    ...finding(!keeps || others, 'I32 disks are replaced though nobody has named the revision'),
    ...finding(isTooLarge, 'I32 disks are replaced of members that would not come back'),
  ];
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
    ...finding(
      pending.some(({ command }) => command.verb === 'secure-member'),
      'I15 the pool is retired while a member gets its finalizer',
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
