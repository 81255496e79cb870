import { isRecord } from '#shared/lib/canonical.ts';
import { applied, refusal } from '../call.ts';
import type { Effect } from './effect.ts';

/** What a set has at one time and not at another: a merge patch that is silent about it would leave it. */
const none = {
  updatedReplicas: null,
  currentRevision: null,
  updateRevision: null,
  labelSelector: null,
};

/**
 * Writes the given fields of the status, whatever its version: it is ours alone. The answer tells which
 * fields the cluster's CRD kept; a field that it prunes must not be written for ever.
 */
export const writeStatus: Effect<'write-status'> = async (hands, job) => {
  const sight = await hands.readSetForPlan(job);
  if (sight.type === 'unseen') return sight.result;
  const { set } = job.plan;
  const { status } = job.command;
  const patched = await hands.cluster.patch(
    { ...set, subresource: 'status' },
    { type: 'merge', body: { metadata: { uid: set.uid }, status: { ...none, ...status } } },
  );
  if (!patched.ok) return refusal(patched.failure);
  const answer = patched.value['status'];
  const kept = isRecord(answer) ? Object.keys(answer) : [];
  const returned = Object.keys(status).filter((field) => kept.includes(field));
  return { ...applied(patched.value), returned };
};
