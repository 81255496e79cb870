import type { Command } from '#shared/contract/commands.ts';
import type { ReplicaSet, Vmi } from '#shared/contract/objects.ts';
import { haltOf } from '../halt.ts';
import { massDeleteHold } from '../mass-delete.ts';
import { replicaName } from '../names.ts';
import { byName, desiredOf, isNameKnown, isReady } from '../objects.ts';
import { refusalText, refusalsOf, waitsUntil } from '../refusals.ts';
import { removalTrouble, removeMembers } from '../removal.ts';
import { effectAt, nothing, type Situation, type Step, type Trouble } from '../situation.ts';
import { createRoom } from '../slow-start.ts';
import { compareText } from '#shared/lib/order.ts';
import { toSize } from '../to-size.ts';
import type { Standing } from './standing.ts';

/**
 * Brings the replica set to its size. A member that terminates is replaced at once, without waiting for
 * its end. `may` says whether it may get larger, and smaller. Source: kubevirt replicaset.go, scale.
 */
export function scale(
  situation: Situation<ReplicaSet>,
  standing: Standing,
  may: { readonly out: boolean; readonly in: boolean },
): Step {
  const step = toSize(situation, {
    target: desiredOf(situation.set),
    staying: standing.staying.length,
    coming: standing.coming,
    missing: standing.missing,
    surplus: standing.surplus,
    keepAll: !may.in,
    out: () => (may.out ? scaleOut(situation, standing) : nothing),
    in: () => (may.in ? scaleIn(situation, standing) : nothing),
  });
  // While it is tried again it has not succeeded: the trouble must not come and go with each attempt (B18).
  return { ...step, trouble: step.trouble ?? troubleUnderWay(situation, standing) };
}

function troubleUnderWay(
  situation: Situation<ReplicaSet>,
  { coming }: Standing,
): Trouble | undefined {
  return coming > 0 ? createTrouble(situation) : removalTrouble(situation, [], deleteTrouble);
}

function scaleOut(situation: Situation<ReplicaSet>, standing: Standing): Step {
  const { view, set, memory, moment } = situation;
  const because = `${standing.missing} short of ${desiredOf(set)}`;
  const digest = set.template?.digest;
  const trouble = createTrouble(situation);
  const wakeAt = waitsUntil(view, memory, { class: 'create', digest, now: moment.now });
  const count = Math.min(standing.missing, createRoom(situation));
  if (wakeAt !== undefined || count === 0 || digest === undefined) {
    return { type: 'pass', because, trouble, wakeAt };
  }
  return {
    type: 'act',
    because,
    template: digest,
    commands: newReplicas(situation, { count, because }),
    trouble,
  };
}

function newReplicas(
  situation: Situation<ReplicaSet>,
  { count, because }: { readonly count: number; readonly because: string },
): readonly Command[] {
  const { view, set } = situation;
  const { namespace } = set.meta;
  const prefix = set.template?.namePrefix ?? set.meta.name;
  const used = new Set<string>();
  return Array.from({ length: count }, (_, at) => {
    const effect = effectAt(situation, at);
    const name = replicaName(
      prefix,
      effect,
      (known) =>
        used.has(known) || isNameKnown(view, 'VirtualMachineInstance', { namespace, name: known }),
    );
    used.add(name);
    const message = `Started the virtual machine by creating the new virtual machine instance ${name}`;
    const notice = { type: 'Normal', reason: 'SuccessfulCreate', message } as const;
    return { verb: 'create-vmi', effect, because, notice, name };
  });
}

function scaleIn(situation: Situation<ReplicaSet>, standing: Standing): Step {
  const { set, memory } = situation;
  const { surplus } = standing;
  const because = becauseOf(situation, surplus);
  const halt = haltOf(situation);
  if (halt !== undefined) return { type: 'pass', because, ...halt };
  const blocked = massDeleteHold(situation, {
    wanted: surplus,
    explained: memory.explained,
    size: Math.max(desiredOf(set), standing.members.active.length),
  });
  if (blocked !== undefined) return { type: 'pass', because, ...blocked };
  const order = standing.staying.toSorted(leastUsefulFirst);
  const { commands, candidates, backingOff, wakeAt } = removeMembers(situation, {
    order,
    wanted: surplus,
    purpose: 'scale-in',
    because,
    noticeOf: ({ meta }) => ({
      type: 'Normal',
      reason: 'SuccessfulDelete',
      message: `Stopped the virtual machine by deleting the virtual machine instance ${meta.uid}`,
    }),
  });
  const trouble = removalTrouble(situation, order, deleteTrouble);
  if (commands.length === 0) return { type: 'pass', because, trouble, wakeAt };
  const vetoes = backingOff > 0 ? { 'backing off': backingOff } : {};
  return { type: 'act', because, commands, candidates, vetoes, trouble, wakeAt };
}

export function deleteTrouble(text: string): Trouble {
  return { reason: 'FailedDelete', message: `deleting is refused: ${text}` };
}

function becauseOf({ set, memory }: Situation, surplus: number): string {
  const desired = desiredOf(set);
  const order = 'not running, then not ready, then newest first';
  return memory.explained > 0
    ? `replicas lowered from ${memory.loweredFrom} to ${desired}: ${order}`
    : `${surplus} more than ${desired}: ${order}`;
}

/** Not running before running, not ready before ready, then the newest; equal ones by name, last first. */
function leastUsefulFirst(left: Vmi, right: Vmi): number {
  return (
    Number(left.phase === 'Running') - Number(right.phase === 'Running') ||
    Number(isReady(left)) - Number(isReady(right)) ||
    compareText(right.meta.createdAt, left.meta.createdAt) ||
    byName(right, left)
  );
}

function createTrouble({ memory, set }: Situation<ReplicaSet>): Trouble | undefined {
  const refusal = refusalsOf(memory, {
    class: 'create',
    digest: set.template?.digest,
  }).findLast(({ behind, target }) => behind === undefined && target === undefined);
  if (refusal === undefined) return undefined;
  return { reason: 'FailedCreate', message: `creating is refused: ${refusalText(refusal)}` };
}
