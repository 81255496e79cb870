import type { Answer, Cluster, Failure, RawObject } from '#shared/cluster/cluster.ts';
import type { ClusterSettings } from '#shared/cluster/kube-cluster.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import { unavailableError, usageError } from './failure.ts';
import type { ClusterOptions } from './options.ts';
import type { CliSettings } from './settings.ts';
import type { Surroundings } from './surroundings.ts';

const lookedAt = 500;

/**
 * How to enter the cluster: as the options say, else ROLLCALL_KUBECONFIG, else as Rollcall was started.
 * The KUBECONFIG of the shell is never used, for it may lead to another cluster than the book is about.
 */
export function clusterSettings(
  { env }: Pick<Surroundings, 'env'>,
  settings: CliSettings | undefined,
  options: ClusterOptions,
): ClusterSettings | undefined {
  const userAgent = 'rollcall-cli';
  const chosen = options.kubeconfig ?? (env['ROLLCALL_KUBECONFIG'] || undefined);
  if (chosen !== undefined) {
    const context = options.context ?? (env['ROLLCALL_KUBE_CONTEXT'] || undefined);
    return { kubeconfig: chosen, userAgent, ...(context !== undefined && { context }) };
  }
  if (settings?.kubeconfig === undefined) return undefined;
  const context = options.context ?? settings.context;
  return { kubeconfig: settings.kubeconfig, userAgent, ...(context !== undefined && { context }) };
}

/** The same for commands that are of no use without a cluster. */
export function requiredCluster(
  around: Pick<Surroundings, 'env'>,
  settings: CliSettings | undefined,
  options: ClusterOptions,
): ClusterSettings {
  const found = clusterSettings(around, settings, options);
  if (found !== undefined) return found;
  throw usageError('this needs a cluster; name its kubeconfig with --kubeconfig FILE');
}

/** Asks the cluster. Its client is slow to load, so no other command does. */
export async function withCluster<Value>(
  settings: ClusterSettings,
  ask: (cluster: Cluster) => Promise<Value>,
): Promise<Value> {
  const { openCluster } = await import('#shared/cluster/kube-cluster.ts');
  await using cluster = await openCluster(settings);
  return await ask(cluster);
}

/** All objects of a watched kind, in all namespaces; none of one that is not served. */
export async function listAll(
  cluster: Pick<Cluster, 'list'>,
  kind: Kind,
): Promise<readonly RawObject[]> {
  const found: RawObject[] = [];
  for (let next: string | undefined; ;) {
    const page = { limit: lookedAt, ...(next !== undefined && { continue: next }) };
    const answer = await cluster.list(kind, page);
    if (!answer.ok && answer.failure.kind === 'not-served') return [];
    const { items, continue: more } = valueOf(answer);
    found.push(...items);
    if (more === undefined) return found;
    next = more;
  }
}

/** The value of an answer; a failure ends the command with a sentence. */
export function valueOf<Value>(answer: Answer<Value>): Value {
  if (answer.ok) return answer.value;
  throw unavailableError(sentenceFor(answer.failure));
}

/** What went wrong, for people, and what may help. */
export function sentenceFor({ kind, code, reason, doing }: Failure): string {
  switch (kind) {
    case 'forbidden':
      return `the cluster forbids it (${doing}); use a kubeconfig with that right`;
    case 'unauthorized':
      return `the cluster does not know who you are (${doing}); renew the credentials of the kubeconfig`;
    case 'unclear':
      return `the cluster does not answer (${doing}${reason === '' ? '' : `: ${reason}`}); is it running?`;
    default:
      return `the cluster says no (${doing}: ${reason === '' ? code : reason})`;
  }
}
