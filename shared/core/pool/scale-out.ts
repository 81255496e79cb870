import type { Command, KeptDisk, Notice } from '#shared/contract/commands.ts';
import type { Pool, Template } from '#shared/contract/objects.ts';
import { diskTakenBy } from '../disk-names.ts';
import { keptDisks } from '../disks.ts';
import { claimNamesFor, freeOrdinals, ordinalOf, poolMemberName } from '../names.ts';
import { isNameKnown } from '../objects.ts';
import { soonest } from '../per-target.ts';
import { refusalText, refusalsOf, waitsUntil } from '../refusals.ts';
import { createRoom } from '../slow-start.ts';
import { effectAt, type Situation, type Step, type Trouble } from '../situation.ts';
import type { Count } from './count.ts';
import type { PoolMembers } from './members.ts';
import { isKeeping } from './policy.ts';
import { currentOf, keepRevision, nextRevisionName } from './revision.ts';
import { isSecured } from './secure.ts';

/**
 * Makes what is missing and not yet on its way, on the lowest free ordinals: what is gone comes back where it
 * was. Of those missing only as many are extra as the roll-out has yet to get.
 */
export function scaleOut(
  situation: Situation<Pool>,
  members: PoolMembers,
  { missing, target, desired }: Count,
): Step {
  const { view, set, memory, moment, mode } = situation;
  const extra = target > desired ? `, ${target - desired} of them extra for the roll-out` : '';
  const because = `${missing} short of ${target}${extra}`;
  const { template } = set;
  if (template === undefined) return { type: 'pass', because };
  const trouble = createTrouble(situation, template);
  if (!isSecured(situation)) return { type: 'pass', because, trouble };
  const wakeAt = waitsUntil(view, memory, {
    class: 'create',
    digest: template.digest,
    now: moment.now,
  });
  if (wakeAt !== undefined) return { type: 'pass', because, trouble, wakeAt };
  const revision = currentOf(set, members.revisions)?.meta.name;
  // An advice is never carried out, so the revision would never come.
  if (revision === undefined && mode === 'manage') {
    return { ...keepRevision(situation, template), trouble };
  }
  const extras = members.extras.size + members.extrasComing;
  const highest = ordinalOf(members.all.at(-1)?.meta.name ?? '') ?? -1;
  const slots = slotsFor(situation, {
    template,
    missing,
    extra: Math.min(missing, Math.max(0, target - desired - extras)),
    above: Math.max(highest, desired - 1),
  });
  const blocked = trouble ?? slots.trouble;
  const commands = slots.places.map((place, at) =>
    createVm(situation, {
      ...place,
      at,
      because,
      revision: revision ?? nextRevisionName(situation),
    }),
  );
  if (commands.length === 0) {
    return { type: 'pass', because, trouble: blocked, wakeAt: slots.wakeAt };
  }
  const { digest } = template;
  return {
    type: 'act',
    because,
    commands,
    template: digest,
    trouble: blocked,
    wakeAt: slots.wakeAt,
  };
}

type Missing = {
  readonly template: Template;
  readonly missing: number;
  /** How many of the missing are extra members of a roll-out. */
  readonly extra: number;
  /** The highest ordinal of a member, or of a pool of this size without gaps. */
  readonly above: number;
};

type Place = { readonly ordinal: number; readonly isExtra: boolean };

type Slots = {
  readonly places: readonly Place[];
  readonly trouble: Trouble | undefined;
  readonly wakeAt: number | undefined;
};

/**
 * The lowest free ordinals, as many as are missing. One whose disk name is taken keeps its place and
 * waits: skipping it would give the pool a member of a higher ordinal for ever. An extra member is not for
 * ever, and passes over such a one, as over disks that were left behind.
 */
function slotsFor(situation: Situation<Pool>, { template, missing, extra, above }: Missing): Slots {
  const { view, set, memory, moment } = situation;
  const { namespace, name } = set.meta;
  const room = createRoom(situation);
  // Most decisions of a scale-out have none, and the way to the first free ordinal is long by then.
  if (room <= 0) return { places: [], trouble: undefined, wakeAt: undefined };
  const places: Place[] = [];
  let trouble: Trouble | undefined;
  let wakeAt: number | undefined;
  let waiting = 0;
  const isOwnDone = (): boolean => places.length + waiting >= missing - extra;
  const free = freeOrdinals(
    (ordinal) =>
      // A gap is for the one that comes back to it.
      (isOwnDone() && ordinal <= above) ||
      isNameKnown(view, 'VirtualMachine', { namespace, name: poolMemberName(name, ordinal) }),
  );
  for (const ordinal of free) {
    if (places.length >= room || places.length + waiting >= missing) break;
    const isExtra = isOwnDone();
    const target = poolMemberName(name, ordinal);
    const taken = takenDisk(situation, template, ordinal);
    if (isExtra && (taken !== undefined || wouldLose(situation, ordinal))) continue;
    const until = waitsUntil(view, memory, {
      class: 'create',
      digest: template.digest,
      target,
      now: moment.now,
    });
    if (taken === undefined && until === undefined) {
      places.push({ ordinal, isExtra });
      continue;
    }
    waiting += 1;
    trouble ??= nameTaken(target, taken ?? 'the name');
    if (until !== undefined) wakeAt = soonest(wakeAt, until);
  }
  return { places, trouble, wakeAt };
}

/** What has the name of a disk that the member of this ordinal would make. */
export function takenDisk(
  { view, set }: Pick<Situation<Pool>, 'view' | 'set'>,
  template: Template,
  ordinal: number,
): string | undefined {
  const { namespace, uid } = set.meta;
  for (const name of claimNamesFor(template, ordinal).makes) {
    const holder = diskTakenBy(view, uid, { namespace, name });
    if (holder !== undefined) return `${name} (${holder})`;
  }
  return undefined;
}

function nameTaken(member: string, what: string): Trouble {
  return { reason: 'NameTaken', message: `${member} waits: ${what} belongs to another owner` };
}

type NewVm = {
  readonly at: number;
  readonly ordinal: number;
  readonly isExtra: boolean;
  readonly because: string;
  readonly revision: string;
};

function createVm(situation: Situation<Pool>, vm: NewVm): Command {
  const { at, ordinal, isExtra, because, revision } = vm;
  const { namespace, name: pool } = situation.set.meta;
  const name = poolMemberName(pool, ordinal);
  const notice: Notice = {
    type: 'Normal',
    reason: 'SuccessfulCreate',
    message: `Created VM ${namespace}/${name}`,
  };
  const effect = effectAt(situation, at);
  const takesUp = leftBehind(situation, ordinal);
  return {
    ...{ verb: 'create-vm', effect, because, notice, name, ordinal, revision },
    ...(takesUp.length > 0 && { takesUp: [...takesUp] }),
    ...(isExtra && { extra: true }),
  };
}

/** Disks that an earlier member of this ordinal left behind: the new one starts on them. */
function leftBehind({ view, set }: Situation<Pool>, ordinal: number): readonly KeptDisk[] {
  const { namespace } = set.meta;
  if (set.template === undefined) return [];
  return claimNamesFor(set.template, ordinal).makes.flatMap((name) =>
    keptDisks(view, { namespace, name }),
  );
}

/**
 * Whether an extra member of this ordinal would start on disks that somebody has kept, and take them along
 * when the roll-out ends.
 */
function wouldLose(situation: Situation<Pool>, ordinal: number): boolean {
  return !isKeeping(situation.set) && leftBehind(situation, ordinal).length > 0;
}

/** Stands as long as members are missing and the last attempt was refused, also while nothing is tried. */
export function createTrouble({ memory }: Situation, { digest }: Template): Trouble | undefined {
  const refusal = [
    ...refusalsOf(memory, { class: 'create', digest }),
    ...refusalsOf(memory, { class: 'revision', digest }),
  ].findLast(({ behind, target }) => behind === undefined && target === undefined);
  if (refusal === undefined) return undefined;
  return {
    reason: 'FailedScaleOut',
    message: `error during scale out: creating is refused: ${refusalText(refusal)}`,
  };
}
