import { isDestructive } from '#shared/contract/commands.ts';
import type { Command, DestructiveCommand, EndangeredDisk } from '#shared/contract/commands.ts';
import type { Decided, Decision, Held } from '#shared/contract/records.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { startOperations } from './operations.ts';
import { ordinalOf } from './holding-of.ts';
import type { DeletedVolume, Holding, SetName } from './rows.ts';
import { findByName, sizeAsOf, traceEffect } from './state.ts';
import { enter, openOperations, putActivity, putHolding, putVolume } from './step.ts';
import type { Step } from './step.ts';

const freed = 'member deleted outside Rollcall';
const leftBehind = `set gone, ${freed}`;

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
  step.changes.holds.set(set.uid, {
    set: setNameIn(record),
    ...(reason === undefined || isGone ? {} : { reason }),
    because,
    since: step.arrival.at,
  });
  for (const open of openOperations(step, set.uid)) {
    const { reason: _earlier, ...rest } = open;
    putActivity(
      step,
      reason === undefined ? { ...rest, outcome: 'running' } : { ...rest, outcome: 'held', reason },
    );
  }
}

function foldDestructive(step: Step, record: Decided, command: DestructiveCommand): void {
  const set = setNameIn(record);
  if (command.verb !== 'retire-set') {
    const holding = step.state.holdings.get(command.member.uid);
    // Letting a terminating member go does not change why it goes.
    if (holding !== undefined && !holding.deleting) {
      const { purpose, effect } = command;
      putHolding(step, { ...holding, purpose, purposeEffect: effect });
      traceEffect(step.state, effect).member = holding.uid;
    }
  }
  const { cause, activity } = causeOf(step, record.set, command);
  const isKept = keepsDisks(command);
  for (const disk of command.disks) {
    const key = disk.claim?.uid ?? disk.dataVolume?.uid ?? disk.volume?.uid;
    if (key === undefined) continue;
    const known = step.state.volumes.get(key);
    if (known?.state === 'gone') continue;
    if (known?.state === 'at risk') {
      if (isKept) continue;
      // The first cause stands: letting go of a member that we delete endangers its disks again.
      putVolume(step, { ...known, ...disksIn(disk), effect: command.effect });
      continue;
    }
    putVolume(step, {
      key,
      ...disksIn(disk),
      set,
      member: { name: disk.member.name, uid: disk.member.uid },
      ...(disk.member.ordinal === undefined ? {} : { ordinal: disk.member.ordinal }),
      cause: isKept ? `kept: ${cause}` : cause,
      because: command.because,
      decision: step.arrival.sequence,
      effect: command.effect,
      applied: known?.applied ?? false,
      ...(activity === undefined ? {} : { activity }),
      state: isKept ? 'kept' : 'at risk',
    });
  }
}

/** The cause in words, and the operation that it belongs to. */
function causeOf(
  step: Step,
  set: Decided['set'],
  command: DestructiveCommand,
): { readonly cause: string; readonly activity?: number } {
  const latest = sizeAsOf(step.state, set.uid, set.generation);
  const ofLatest = latest === undefined ? {} : { activity: latest.id };
  if (command.verb === 'retire-set') return { cause: 'set deleted', ...ofLatest };
  const lost = openOperations(step, set.uid).find((open) => open.oldUid === command.member.uid);
  const ofLoss = lost === undefined ? {} : { activity: lost.id };
  switch (command.purpose) {
    case 'scale-in': {
      const isLess =
        latest?.from !== undefined && latest.to !== undefined && latest.to < latest.from;
      return { cause: isLess ? `scale-in ${latest.from} → ${latest.to}` : 'scale-in', ...ofLatest };
    }
    case 'retire':
      return { cause: 'set deleted', ...ofLatest };
    case 'free':
      return { cause: set.gone === true ? leftBehind : freed, ...ofLoss };
    case 'clean-up':
      return { cause: 'ended member cleaned up', ...ofLoss };
    case 'heal':
      return { cause: 'member healed', ...ofLoss };
    case 'replace':
      return { cause: 'member replaced by an update', ...ofLoss };
    case 'surge':
      return { cause: 'extra member of a roll-out removed', ...ofLoss };
    default:
      return unreachable(command.purpose);
  }
}

/** The member goes, its disks are freed of it first: nothing of them is at risk. */
function keepsDisks(command: DestructiveCommand): boolean {
  return command.verb === 'delete-member' && command.keepDisks === true;
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

type Preserving = Extract<Command, { verb: 'preserve-disk' }>;

/**
 * A disk of a member that others deleted is kept: its first line. Where there is a line already, that one
 * says more, and the outcome of its own command ends it.
 */
function foldPreserved(step: Step, set: Decided['set'], command: Preserving): void {
  const { disk, member } = command;
  const { state } = step;
  const claim =
    disk.kind === 'PersistentVolumeClaim'
      ? state.holdings.get(disk.uid)
      : claimOf(step, set.namespace, disk);
  const key = claim?.uid ?? disk.uid;
  if (state.volumes.has(key) || state.volumes.has(disk.uid)) return;
  const named = { name: disk.name, uid: disk.uid };
  const ordinal = ordinalOf(member.name);
  const { storageClass, size } = claim ?? {};
  putVolume(step, {
    key,
    ...(disk.kind === 'DataVolume' ? { dataVolume: named } : { claim: named }),
    ...(claim === undefined ? {} : { claim: { name: claim.name, uid: claim.uid } }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(size === undefined ? {} : { size }),
    set: setNameIn({ set }),
    member: { name: member.name, uid: member.uid },
    ...(ordinal === undefined ? {} : { ordinal }),
    cause: `kept: ${set.gone === true ? leftBehind : freed}`,
    because: command.because,
    decision: step.arrival.sequence,
    applied: false,
    state: 'kept',
  });
}

/** The claim that a DataVolume has made: it has its name and is owned by it. */
function claimOf(step: Step, namespace: string, disk: Preserving['disk']): Holding | undefined {
  const claim = findByName(step.state, 'PersistentVolumeClaim', { namespace, name: disk.name });
  return claim?.owner === disk.uid ? claim : undefined;
}

function disksIn(
  disk: EndangeredDisk,
): Pick<DeletedVolume, 'claim' | 'dataVolume' | 'volume' | 'storageClass' | 'size'> {
  const { claim, dataVolume, volume, storageClass, size } = disk;
  return {
    ...(claim === undefined ? {} : { claim }),
    ...(dataVolume === undefined ? {} : { dataVolume }),
    ...(volume === undefined
      ? {}
      : {
          volume: {
            name: volume.name,
            ...(volume.uid === undefined ? {} : { uid: volume.uid }),
          },
        }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(size === undefined ? {} : { size }),
  };
}

function setNameIn({ set }: Pick<Decided | Held, 'set'>): SetName {
  return { kind: set.kind, namespace: set.namespace, name: set.name, uid: set.uid };
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
