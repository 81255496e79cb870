import { nameGenerationIn, stampVm } from '#shared/core/pool/stamp.ts';
import { createOnce } from './create.ts';
import type { Effect } from './effect.ts';
import { liveTemplate } from './live-template.ts';
import { findTaken } from './taken-disk.ts';

export const createVm: Effect<'create-vm'> = async (hands, job) => {
  const live = await liveTemplate(hands, job);
  if (live.type === 'unseen') return live.result;
  const taken = await findTaken(hands, job);
  if (taken !== undefined) return taken;
  const { command, plan } = job;
  const vm = stampVm(live.template, {
    pool: { ...plan.set, apiVersion: live.apiVersion },
    name: command.name,
    ordinal: command.ordinal,
    revision: command.revision,
    effect: command.effect,
    isExtra: command.extra === true,
    names: nameGenerationIn(live.spec),
  });
  return createOnce(hands, job, { ...vm, kind: 'VirtualMachine', name: command.name });
};
