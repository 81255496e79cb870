import { isRecord } from '#shared/lib/canonical.ts';
import type { Caller, ResourceDefinition, StoreAnswer } from '../store/types.ts';
import type { Exchange } from './exchange.ts';
import type { ObjectTarget, Target } from './paths.ts';
import { objectReply, pathNotFound } from './reply.ts';
import type { Reply } from './reply.ts';
import { failure } from './status.ts';

/**
 * An API that another program serves behind the same address, for instance metrics.k8s.io. It is in
 * discovery like every other; rights are checked before it is asked.
 */
export type AggregatedApi = {
  readonly group: string;
  /** Told in discovery; they have `verbs`, and a plural with a slash is allowed. */
  readonly definitions: readonly ResourceDefinition[];
  readonly answer: (asked: AggregatedRequest) => StoreAnswer | Promise<StoreAnswer>;
};

export type AggregatedRequest = {
  readonly verb: 'get' | 'list';
  readonly version: string;
  /** The plural. */
  readonly resource: string;
  /** '' at the cluster scope, and over all namespaces. */
  readonly namespace: string;
  readonly name?: string;
  /** What follows the name: of custom.metrics.k8s.io the name of the metric. */
  readonly subresource?: string;
  readonly query: URLSearchParams;
  readonly caller: Caller;
};

/** The API behind a path, when it is one of these. */
export function aggregatedApi(
  apis: readonly AggregatedApi[],
  target: Target,
): AggregatedApi | undefined {
  if (target.kind !== 'objects') return undefined;
  return apis.find(({ group }) => group === target.group);
}

export async function answerAggregatedObjects(
  api: AggregatedApi,
  { method, query, caller }: Exchange,
  { version, plural, namespace = '', name, subresource }: ObjectTarget,
): Promise<Reply> {
  if (method !== 'GET' && method !== 'HEAD') {
    const message = 'the server does not allow this method on the requested resource';
    return objectReply(failure(405, message), 405);
  }
  const served = api.definitions.some(({ versions }) =>
    versions.some((one) => one.name === version),
  );
  if (!served) return pathNotFound();
  const { code, body, warnings } = await api.answer({
    verb: name === undefined ? 'list' : 'get',
    version,
    resource: plural,
    namespace,
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
    query,
    caller,
  });
  const reply = objectReply(isRecord(body) ? body : {}, code);
  return warnings === undefined ? reply : { ...reply, warnings };
}
