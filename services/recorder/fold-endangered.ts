import type { Command, DestructiveCommand, EndangeredDisk } from '#shared/contract/commands.ts';
import type { Decided } from '#shared/contract/records.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { ordinalOf } from './holding-of.ts';
import type { DeletedVolume } from './rows.ts';
import { sizeAsOf, traceEffect } from './state.ts';
import { openOperations, putHolding, putVolume, setNameIn } from './step.ts';
import type { Step } from './step.ts';
import { keptBy } from './fold-disk.ts';
import { findVolume } from './volumes.ts';

const freed = 'member deleted outside Rollcall';
const leftBehind = `set gone, ${freed}`;

export function foldDestructive(step: Step, record: Decided, command: DestructiveCommand): void {
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
  for (const listed of command.disks) {
    const disk = { ...claimMadeBy(step, listed.dataVolume?.uid), ...disksIn(listed) };
    const uids = { claim: disk.claim?.uid, dataVolume: disk.dataVolume?.uid };
    const known = findVolume(step.state, uids);
    const key = known?.key ?? uids.claim ?? uids.dataVolume ?? disk.volume?.uid;
    if (key === undefined) continue;
    // One that ended with its DataVolume is there after all when a claim of it is.
    if (known?.state === 'gone' && (known.claim !== undefined || disk.claim === undefined))
      continue;
    if (known?.state === 'at risk') {
      if (isKept) continue;
      // The first cause stands: letting go of a member that we delete endangers its disks again.
      putVolume(step, { ...known, ...disk, effect: command.effect });
      continue;
    }
    const { member } = listed;
    putVolume(step, {
      key,
      ...(known !== undefined && disksIn(known)),
      ...disk,
      set,
      member: { name: member.name, uid: member.uid },
      ...(member.ordinal === undefined ? {} : { ordinal: member.ordinal }),
      cause: isKept ? `${keptBy}${cause}` : cause,
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
export function keepsDisks(command: DestructiveCommand): boolean {
  return command.verb === 'delete-member' && command.keepDisks === true;
}

type Preserving = Extract<Command, { verb: 'preserve-disk' }>;

/**
 * A disk of a member that others deleted is kept: its first line. Where there is a line already, that one
 * says more, and the outcome of its own command ends it.
 */
export function foldPreserved(step: Step, set: Decided['set'], command: Preserving): void {
  const { disk, member } = command;
  const { state } = step;
  const claim = state.holdings.get(
    disk.kind === 'DataVolume' ? (state.claims.get(disk.uid) ?? '') : disk.uid,
  );
  const dataVolume = disk.kind === 'DataVolume' ? disk.uid : claim?.owner;
  const key = claim?.uid ?? disk.uid;
  if (findVolume(state, { claim: claim?.uid ?? disk.uid, dataVolume }) !== undefined) return;
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
    cause: `${keptBy}${set.gone === true ? leftBehind : freed}`,
    because: command.because,
    decision: step.arrival.sequence,
    applied: false,
    state: 'kept',
  });
}

type Disk = Pick<DeletedVolume, 'claim' | 'dataVolume' | 'volume' | 'storageClass' | 'size'>;

/** The claim of a DataVolume, whatever its name, which whoever decided may not have seen. */
function claimMadeBy({ state }: Step, dataVolume: string | undefined): Disk {
  const uid = dataVolume === undefined ? undefined : state.claims.get(dataVolume);
  const claim = uid === undefined ? undefined : state.holdings.get(uid);
  if (claim === undefined) return {};
  const { storageClass, size } = claim;
  return disksIn({ claim: { name: claim.name, uid: claim.uid }, storageClass, size });
}

type Listed = { readonly [Part in keyof Disk]?: Disk[Part] | EndangeredDisk[Part] };

function disksIn(disk: Listed): Disk {
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
