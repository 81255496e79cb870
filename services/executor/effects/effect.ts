import type { Cluster } from '#shared/cluster/cluster.ts';
import type { Command, Verb } from '#shared/contract/commands.ts';
import type { SetKind } from '#shared/contract/kinds.ts';
import type { TemplateDigest } from '#shared/contract/objects.ts';
import type { Policy } from '#shared/contract/records.ts';
import type { Again, Result } from '../call.ts';
import type { SetSight } from '../live-set.ts';
import type { Job } from '../backlog.ts';

/** What an effect may use. */
export type Hands = {
  readonly cluster: Cluster;
  readonly policy: Policy;
  /** The digest of a template just read; computed once for all creates of a plan. */
  digestOf(template: Readonly<Record<string, unknown>>, set: SetKind): TemplateDigest;
  /** Reads the set now. */
  readSetNow(job: Job): Promise<SetSight>;
  /** One read shared by the commands of a plan; good enough where nothing can be lost. */
  readSetForPlan(job: Job): Promise<SetSight>;
};

/** A job whose command has this verb. */
export type JobOf<V extends Verb> = Job & { readonly command: Extract<Command, { verb: V }> };

/**
 * Does one command once. Safe to run again after an unclear answer or a crash: it finds what it did
 * before. Answers `again` until the result is certain.
 */
export type Effect<V extends Verb> = (hands: Hands, job: JobOf<V>) => Promise<Result | Again>;
