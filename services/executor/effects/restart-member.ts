import type { RawObject } from '#shared/cluster/cluster.ts';
import { resourceVersionSchema } from '#shared/contract/ids.ts';
import { revisionLabel } from '#shared/contract/words.ts';
import { comesBack } from '#shared/core/pool/run-strategy.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { already, applied, refusal, stale } from '../call.ts';
import type { Result } from '../call.ts';
import type { Effect, JobOf } from './effect.ts';
import { readObject, readSetAs } from './live-object.ts';
import { labelsOf } from './live-selector.ts';
import { controllerIn, isTerminating } from './owners.ts';
import { untilWon } from './race.ts';

/**
 * Deletes the VMI of a member, once for each uid: the VMI that the VM starts next has the same name, and
 * is never taken for the old one (kubevirt pool.go deletes by name).
 */
export const restartMember: Effect<'restart-member'> = (hands, job) =>
  untilWon(async () => {
    const { member, instance } = job.command;
    const { namespace } = job.plan.set;
    const expected = { sameGeneration: true, evenIfPausedOrDeleting: false };
    const sight = await readSetAs(hands, job, expected);
    if (sight.type === 'unseen') return sight.result;
    const vm = await readObject(hands, {
      ref: { kind: 'VirtualMachine', namespace, name: member.name },
      uid: member.uid,
      gone: stale('MemberGone'),
    });
    if (vm.type === 'unseen') return vm.result;
    const problem = objection(vm.object, job);
    if (problem !== undefined) return problem;
    const ref = { kind: 'VirtualMachineInstance', namespace, name: instance.name };
    const found = await readObject(hands, { ref, uid: instance.uid, gone: already() });
    if (found.type === 'unseen') return found.result;
    if (isTerminating(found.object)) return already(found.object);
    if (controllerIn(found.object)?.['uid'] !== member.uid) return stale('NotOwned');
    const resourceVersion = resourceVersionSchema.parse(found.object.metadata?.resourceVersion);
    const removed = await hands.cluster.remove(ref, { uid: instance.uid, resourceVersion });
    if (removed.ok) return applied(removed.value);
    if (removed.failure.kind === 'not-found') return already();
    return removed.failure.kind === 'conflict' ? 'raced' : refusal(removed.failure);
  });

/** Why this VM is not to be restarted now: it may not be the one that was updated, or would stay down. */
function objection(vm: RawObject, { command, plan }: JobOf<'restart-member'>): Result | undefined {
  if (controllerIn(vm)?.['uid'] !== plan.set.uid) return stale('NotOwned');
  const isUpdated = labelsOf(vm)[revisionLabel] === command.revision;
  const isReady = !isTerminating(vm) && isUpdated && comesBack(runStrategyOf(vm));
  return isReady ? undefined : stale('MemberChanged');
}

/** `running` is the older spelling; a machine that has neither is halted (kubevirt VirtualMachine.RunStrategy). */
function runStrategyOf(vm: RawObject): string {
  const spec = isRecord(vm['spec']) ? vm['spec'] : {};
  const { runStrategy, running } = spec;
  if (typeof runStrategy === 'string') return runStrategy;
  return running === true ? 'Always' : 'Halted';
}
