import type { Cluster } from '#shared/cluster/cluster.ts';
import { digestVmTemplate, digestVmiTemplate } from '#shared/cluster/template-digest.ts';
import type { DigestKey } from '#shared/cluster/template-digest.ts';
import type { TemplateDigest } from '#shared/contract/objects.ts';
import type { Policy } from '#shared/contract/records.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Job } from './backlog.ts';
import type { Hands } from './effects/effect.ts';
import { readGoneSet } from './gone-set.ts';
import { readSet } from './live-set.ts';
import type { SetSight } from './live-set.ts';

export type HandsParts = {
  readonly cluster: Cluster;
  readonly key: DigestKey;
  readonly policy: Policy;
  readonly clock: Clock;
};

/** A shared read of a set is good for the calls of a burst, not longer. */
const freshMs = 250;

/** Effects' access to the cluster, with one read of the set for all creates of a plan. */
export function createHands(parts: HandsParts): Hands {
  const recent = new Map<string, { readonly until: number; readonly sight: Promise<SetSight> }>();
  const readSetNow = (job: Job): Promise<SetSight> =>
    job.plan.set.gone === true
      ? readGoneSet(parts.cluster, job, parts.policy)
      : readSet(parts.cluster, job.plan.set, parts.policy);
  const digests = new WeakMap<object, TemplateDigest>();
  return {
    cluster: parts.cluster,
    policy: parts.policy,
    readSetNow,
    digestOf(template, set) {
      const known = digests.get(template);
      if (known !== undefined) return known;
      const digest = set === 'VirtualMachinePool' ? digestVmTemplate : digestVmiTemplate;
      const made = digest(template, parts.key);
      digests.set(template, made);
      return made;
    },
    readSetForPlan(job) {
      const now = parts.clock.monotonicMs();
      for (const [uid, read] of recent) if (read.until <= now) recent.delete(uid);
      // A plan made after the read must see what it was made from: the sequence is part of the key.
      const key = `${job.plan.set.uid}/${job.sequence}`;
      const known = recent.get(key);
      if (known !== undefined) return known.sight;
      const sight = readSetNow(job);
      recent.set(key, { until: now + freshMs, sight });
      return sight;
    },
  };
}
