import type { Command, Verb } from '#shared/contract/commands.ts';
import type { EffectId, Uid } from '#shared/contract/ids.ts';
import type { TemplateDigest } from '#shared/contract/objects.ts';
import { classOf, subjectOf, waitsUntil } from './refusals.ts';
import { effectAt, roomOf, type Situation } from './situation.ts';

/** The same command for each of many objects. */
export type PerTarget<T> = {
  readonly verb: Verb;
  readonly targets: readonly T[];
  readonly uidOf: (target: T) => Uid;
  readonly digest?: TemplateDigest;
  readonly command: (target: T, effect: EffectId) => Command;
};

export type Commands = {
  readonly commands: readonly Command[];
  /** When the first of those that back off may be tried again. */
  readonly wakeAt: number | undefined;
};

/**
 * One command for each target that none is on its way for and that need not wait, as many as the plan has
 * room for. One that waits holds up no other.
 */
export function perTarget<T>(situation: Situation, work: PerTarget<T>): Commands {
  const { view, memory, moment, pending } = situation;
  const asked = new Set<string | undefined>(
    pending.map(({ command }) => (command.verb === work.verb ? subjectOf(command) : undefined)),
  );
  const commands: Command[] = [];
  let wakeAt: number | undefined;
  const room = roomOf(situation);
  for (const target of work.targets) {
    if (commands.length >= room) break;
    const uid = work.uidOf(target);
    if (asked.has(uid)) continue;
    // What hangs on two members is asked for once.
    asked.add(uid);
    const until = waitsUntil(view, memory, {
      class: classOf(work.verb),
      digest: work.digest,
      target: uid,
      now: moment.now,
    });
    if (until === undefined)
      commands.push(work.command(target, effectAt(situation, commands.length)));
    else wakeAt = soonest(wakeAt, until);
  }
  return { commands, wakeAt };
}

/** The earlier of two log times, of which either may be missing. */
export function soonest(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? (left ?? right) : Math.min(left, right);
}
