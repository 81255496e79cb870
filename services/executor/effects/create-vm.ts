import { stampVm } from '#shared/core/pool/stamp.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { createOnce } from './create.ts';
import type { Effect } from './effect.ts';
import { liveTemplate } from './live-template.ts';

export const createVm: Effect<'create-vm'> = async (hands, job) => {
  const live = await liveTemplate(hands, job);
  if (live.type === 'unseen') return live.result;
  const { command, plan } = job;
  const names = isRecord(live.spec['nameGeneration']) ? live.spec['nameGeneration'] : {};
  const vm = stampVm(live.template, {
    pool: plan.set,
    name: command.name,
    ordinal: command.ordinal,
    revision: command.revision,
    effect: command.effect,
    appendIndexToConfigMapRefs: names['appendIndexToConfigMapRefs'] === true,
    appendIndexToSecretRefs: names['appendIndexToSecretRefs'] === true,
  });
  return createOnce(hands, job, { ...vm, kind: 'VirtualMachine', name: command.name });
};
