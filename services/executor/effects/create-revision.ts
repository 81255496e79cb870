import { effectAnnotation } from '#shared/contract/words.ts';
import { poolOwner } from '#shared/core/pool/stamp.ts';
import { createOnce } from './create.ts';
import type { Effect } from './effect.ts';
import { liveTemplate } from './live-template.ts';

/** Keeps the pool's whole spec as a ControllerRevision (kubevirt pool.go, ensureControllerRevision). */
export const createRevision: Effect<'create-revision'> = async (hands, job) => {
  const live = await liveTemplate(hands, job);
  if (live.type === 'unseen') return live.result;
  const { command, plan } = job;
  return createOnce(hands, job, {
    name: command.name,
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: command.name,
      namespace: plan.set.namespace,
      annotations: { [effectAnnotation]: command.effect },
      ownerReferences: [poolOwner({ ...plan.set, apiVersion: live.apiVersion })],
    },
    data: live.spec,
    revision: command.revision,
  });
};
