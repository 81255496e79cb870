import type { Cluster, JsonPatchStep, ObjectRef, RawObject } from '#shared/cluster/cluster.ts';
import { listAll, sentenceFor, valueOf } from './cluster-access.ts';
import { unavailableError } from './failure.ts';
import { liveSet } from './live-sets.ts';
import type { LiveSet } from './live-sets.ts';
import { nameOf, namespaceOf, uidOf } from './raw-fields.ts';
import { freeSteps, hasFinalizer, isDone, observeSteps, planRelease } from './release-plan.ts';
import type { ReleasePlan } from './release-plan.ts';

type Hands = Pick<Cluster, 'list' | 'read' | 'patch'>;

const mostRounds = 5;
/** The status of a machine is written often. */
const mostTries = 20;

export type Released = { readonly members: number; readonly leaving: number };

/**
 * Hands one set back. The mode comes first, so that the executor starts nothing more on it; what was on
 * its way then may still secure a member, so the members are read again until none is held.
 */
export async function releaseSet(
  cluster: Hands,
  set: LiveSet,
  pause: () => Promise<void>,
): Promise<Released> {
  const ref = { kind: set.kind, namespace: set.namespace, name: set.name };
  let freed = 0;
  for (let round = 0; round < mostRounds; round += 1) {
    const plan = await planNow(cluster, set);
    if (isDone(plan)) return { members: freed, leaving: plan.leaving };
    if (plan.setsMode) await write(cluster, { ref, uid: set.uid, steps: observeSteps });
    for (const vm of plan.members) {
      const target = { kind: 'VirtualMachine', namespace: namespaceOf(vm), name: nameOf(vm) };
      await write(cluster, { ref: target, uid: uidOf(vm), steps: freeSteps });
      freed += 1;
    }
    if (plan.freesSet) await write(cluster, { ref, uid: set.uid, steps: freeSteps });
    await pause();
  }
  throw unavailableError(
    `${set.name} still gets finalizers; is its mode overruled by somebody? Try again once rollcall history is quiet`,
  );
}

async function planNow(cluster: Hands, set: LiveSet): Promise<ReleasePlan> {
  const { kind, namespace, name, uid } = set;
  const now = liveSet(kind, valueOf(await cluster.read({ kind, namespace, name })));
  const vms = kind === 'VirtualMachinePool' ? await listAll(cluster, 'VirtualMachine') : [];
  const plan = now.uid === uid ? planRelease(now, vms) : undefined;
  if (plan !== undefined) return plan;
  throw unavailableError(`${name} has been deleted meanwhile; nothing more was changed`);
}

type Write = {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly steps: (object: RawObject) => readonly JsonPatchStep[];
};

/** Reads and patches the object until nobody writes in between; one that is gone needs nothing. */
async function write(cluster: Hands, { ref, uid, steps }: Write): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const read = await cluster.read(ref);
    if (!read.ok && read.failure.kind === 'not-found') return;
    const object = valueOf(read);
    if (object.metadata?.uid !== uid) return;
    // Somebody deletes it at this moment: letting go would cost its disks.
    if (object.metadata['deletionTimestamp'] !== undefined && hasFinalizer(object)) return;
    const body = steps(object);
    if (body.length === 0) return;
    const answer = await cluster.patch(ref, { type: 'json', body });
    if (answer.ok || answer.failure.kind === 'not-found') return;
    const isRace = ['conflict', 'invalid', 'unclear'].includes(answer.failure.kind);
    if (!isRace || attempt >= mostTries) throw unavailableError(sentenceFor(answer.failure));
  }
}
