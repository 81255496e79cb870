import type { Kind } from '#shared/contract/kinds.ts';
import type { ResourceVersion, Uid } from '#shared/contract/ids.ts';
import { resourceVersionSchema } from '#shared/contract/ids.ts';
import type { RawObject } from '#shared/cluster/cluster.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { already, sightOf, stale } from '../call.ts';
import type { Again, Result } from '../call.ts';
import { mismatch } from '../live-set.ts';
import { losesKeptDisks } from './disk-policy.ts';
import type { Hands, JobOf } from './effect.ts';

/** A member that certainly may be destroyed, at the version at which that was seen. */
export type Victim = {
  readonly object: RawObject;
  readonly uid: Uid;
  readonly version: ResourceVersion;
  readonly terminating: boolean;
};

export type VictimSight =
  | { readonly type: 'victim'; readonly victim: Victim }
  | { readonly type: 'unseen'; readonly result: Result | Again };

/**
 * Reads set and member right before destruction. Nothing is destroyed unless the set is the planned one
 * at the planned generation, neither paused nor deleting (retiring and freeing go on in both), says of disks
 * what the plan took it to say, and the member is the planned uid under that set's control.
 */
export async function readVictim(
  hands: Hands,
  job: JobOf<'delete-member' | 'free-member'>,
): Promise<VictimSight> {
  const { command, plan } = job;
  const sight = await hands.readSetNow(job);
  if (sight.type === 'unseen') return sight;
  const goesOn = command.purpose === 'retire' || command.purpose === 'free';
  const frees = command.verb === 'free-member';
  const expected = { sameGeneration: !frees, evenIfPausedOrDeleting: goesOn || frees };
  const problem = mismatch(sight.set, plan.set, expected);
  if (problem !== undefined) return { type: 'unseen', result: problem };
  if (losesKeptDisks(sight.set, job)) return { type: 'unseen', result: stale('SetChanged') };
  const kind = memberKind(plan.set.kind);
  const { namespace } = plan.set;
  const member = sightOf(await hands.cluster.read({ kind, namespace, name: command.member.name }));
  if (member.type === 'unseen') return member;
  if (member.type === 'missing' || member.object.metadata?.uid !== command.member.uid) {
    return { type: 'unseen', result: already() };
  }
  const object = member.object;
  const owner = controllerUid(object);
  // A member that lost its owner but still carries our finalizer may be let go, never deleted.
  const ours = owner === plan.set.uid || (frees && owner === undefined);
  if (!ours) return { type: 'unseen', result: stale('NotOwned') };
  const version = resourceVersionSchema.parse(object.metadata?.resourceVersion);
  const terminating = object.metadata?.['deletionTimestamp'] !== undefined;
  if (frees && command.purpose !== 'retire' && !terminating) {
    return { type: 'unseen', result: stale('MemberChanged') };
  }
  return { type: 'victim', victim: { object, uid: command.member.uid, version, terminating } };
}

export function memberKind(set: Kind): 'VirtualMachine' | 'VirtualMachineInstance' {
  return set === 'VirtualMachinePool' ? 'VirtualMachine' : 'VirtualMachineInstance';
}

function controllerUid(object: RawObject): unknown {
  const owners = object.metadata?.['ownerReferences'];
  if (!Array.isArray(owners)) return undefined;
  const controller: unknown = owners.find(
    (owner) => isRecord(owner) && owner['controller'] === true,
  );
  return isRecord(controller) ? controller['uid'] : undefined;
}
