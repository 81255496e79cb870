import { isRecord } from '#shared/lib/canonical.ts';
import { textAt } from '../behaviour/read.ts';
import { quantityOfBytes, quantityOfMilli } from '../hpa/quantity.ts';
import type { AggregatedApi, AggregatedRequest } from '../http/aggregated.ts';
import { failure } from '../http/status.ts';
import type { Clock, KubeObject, ResourceDefinition, Store, StoreAnswer } from '../store/types.ts';
import { isKubeObject, metricsCaller, readLoads } from './loads.ts';
import type { Loads } from './loads.ts';
import { windowMs } from './measures.ts';

const group = 'metrics.k8s.io';
const version = 'v1beta1';

/** `metrics.k8s.io`, for `kubectl top` and everyone else who asks what pods and nodes use. */
export function resourceMetrics(store: Store, clock: Clock): AggregatedApi {
  return {
    group,
    definitions: [
      definition({ plural: 'nodes', kind: 'NodeMetrics', namespaced: false }),
      definition({ plural: 'pods', kind: 'PodMetrics', namespaced: true }),
    ],
    answer: (asked) => {
      const loads = readLoads(store);
      const time = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
      switch (asked.resource) {
        case 'pods':
          return answerWith(asked, podsOf(store, asked), (pod) => podMetrics(pod, loads, time));
        case 'nodes':
          return answerNodes(store, asked, { loads, time });
        default:
          return refused(404, 'the server could not find the requested resource');
      }
    },
  };
}

type Served = { readonly plural: string; readonly kind: string; readonly namespaced: boolean };

function definition({ plural, kind, namespaced }: Served): ResourceDefinition {
  return {
    group,
    versions: [{ name: version, served: true, storage: true, status: false, columns: [] }],
    kind,
    listKind: `${kind}List`,
    plural,
    singular: '',
    shortNames: [],
    categories: [],
    namespaced,
    custom: false,
    verbs: ['get', 'list'],
  };
}

function podsOf(store: Store, asked: AggregatedRequest): readonly KubeObject[] {
  return listed(store, 'pods', asked);
}

type Asked = Pick<AggregatedRequest, 'namespace' | 'name'> & { readonly query?: URLSearchParams };

/** The objects that a request is about, picked by the selectors of its query. */
export function listed(store: Store, plural: string, asked: Asked): readonly KubeObject[] {
  const { namespace, name, query = new URLSearchParams() } = asked;
  const labelSelector = query.get('labelSelector') ?? '';
  const fieldSelector = query.get('fieldSelector') ?? '';
  const { code, body } = store.handle({
    verb: 'list',
    resource: { group: '', version: 'v1', plural },
    namespace,
    caller: metricsCaller,
    options: { labelSelector, fieldSelector },
  });
  const items = code === 200 && isRecord(body) ? body['items'] : [];
  const objects = Array.isArray(items) ? items.filter(isKubeObject) : [];
  return name === undefined ? objects : objects.filter(({ metadata }) => metadata.name === name);
}

type Measure = (object: KubeObject) => Readonly<Record<string, unknown>> | undefined;

function answerWith(
  asked: AggregatedRequest,
  objects: readonly KubeObject[],
  measure: Measure,
): StoreAnswer {
  const items = objects.map(measure).filter((one) => one !== undefined);
  const kind = asked.resource === 'pods' ? 'PodMetrics' : 'NodeMetrics';
  const apiVersion = `${group}/${version}`;
  if (asked.verb === 'list') {
    return { code: 200, body: { kind: `${kind}List`, apiVersion, metadata: {}, items } };
  }
  const [item] = items;
  if (item !== undefined) return { code: 200, body: { kind, apiVersion, ...item } };
  const subject = `${asked.resource}.${group} ${JSON.stringify(asked.name)}`;
  return refused(404, `${subject} not found`);
}

function refused(code: number, message: string): StoreAnswer {
  return { code, body: failure(code, message) };
}

function podMetrics(pod: KubeObject, loads: Loads, time: string): ReturnType<Measure> {
  const usage = usageOf(pod, loads);
  if (usage === undefined) return undefined;
  const { name, namespace, labels, creationTimestamp } = pod.metadata;
  return {
    metadata: { name, namespace, creationTimestamp, ...(labels && { labels }) },
    timestamp: time,
    window: `${windowMs / 1000}s`,
    containers: [{ name: 'compute', usage: quantities(usage) }],
  };
}

type Usage = { readonly cpuMilli: number; readonly memoryBytes: number };

function usageOf(pod: KubeObject, loads: Loads): Usage | undefined {
  const cpuMilli = loads.of(pod, 'cpu');
  const memory = loads.of(pod, 'memory');
  if (cpuMilli === undefined || memory === undefined) return undefined;
  return { cpuMilli, memoryBytes: Math.ceil(memory / 1000) };
}

function quantities({ cpuMilli, memoryBytes }: Usage) {
  return { cpu: quantityOfMilli(cpuMilli), memory: quantityOfBytes(memoryBytes) };
}

/** What a node uses for itself. */
const ownUsage: Usage = { cpuMilli: 200, memoryBytes: 2 ** 30 };

type Round = { readonly loads: Loads; readonly time: string };

function answerNodes(store: Store, asked: AggregatedRequest, { loads, time }: Round): StoreAnswer {
  const used = new Map<string, Usage>();
  for (const pod of listed(store, 'pods', { namespace: '' })) {
    const node = textAt(pod, 'spec', 'nodeName');
    const usage = usageOf(pod, loads);
    if (node === undefined || usage === undefined) continue;
    const sum = used.get(node) ?? ownUsage;
    used.set(node, {
      cpuMilli: sum.cpuMilli + usage.cpuMilli,
      memoryBytes: sum.memoryBytes + usage.memoryBytes,
    });
  }
  const nodes = listed(store, 'nodes', asked);
  return answerWith(asked, nodes, ({ metadata: { name, labels, creationTimestamp } }) => ({
    metadata: { name, creationTimestamp, ...(labels && { labels }) },
    timestamp: time,
    window: `${windowMs / 1000}s`,
    usage: quantities(used.get(name) ?? ownUsage),
  }));
}
