import { stampVmi } from '#shared/core/replicaset/stamp.ts';
import { createOnce } from './create.ts';
import type { Effect } from './effect.ts';
import { liveTemplate } from './live-template.ts';

export const createVmi: Effect<'create-vmi'> = async (hands, job) => {
  const live = await liveTemplate(hands, job);
  if (live.type === 'unseen') return live.result;
  const { command, plan } = job;
  const vmi = stampVmi(live.template, {
    set: plan.set,
    name: command.name,
    effect: command.effect,
  });
  return createOnce(hands, job, { ...vmi, kind: 'VirtualMachineInstance', name: command.name });
};
