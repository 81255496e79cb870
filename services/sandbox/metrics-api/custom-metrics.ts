import { quantityOfMilli } from '../hpa/quantity.ts';
import type { AggregatedApi, AggregatedRequest } from '../http/aggregated.ts';
import { failure } from '../http/status.ts';
import type { Clock, KubeObject, ResourceDefinition, Store, StoreAnswer } from '../store/types.ts';
import { metricNames, readLoads } from './loads.ts';
import { windowMs } from './measures.ts';
import { listed } from './resource-metrics.ts';

const group = 'custom.metrics.k8s.io';

/** `custom.metrics.k8s.io` for pods: the values that annotations set as `metric.<name>`. */
export function customMetrics(store: Store, clock: Clock): AggregatedApi {
  return {
    group,
    get definitions() {
      const names = metricNames(store);
      // An API without resources would not be told in discovery at all.
      return (names.length === 0 ? ['requests_per_second'] : names).map(definition);
    },
    answer: (asked) => {
      const { resource, subresource: metric, name } = asked;
      if (resource !== 'pods' || metric === undefined || name === undefined) {
        return refused('the server could not find the requested resource');
      }
      const pods = listed(store, 'pods', name === '*' ? withoutName(asked) : asked);
      const loads = readLoads(store);
      const values = pods.flatMap((pod) => {
        const milli = loads.of(pod, `metric.${metric}`);
        return milli === undefined ? [] : [{ pod, milli }];
      });
      if (values.length === 0) {
        return refused(
          `the server could not find the metric ${metric} for pods${name === '*' ? '' : ` ${name}`}`,
        );
      }
      const timestamp = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
      const items = values.map((value) => item(asked, { ...value, metric, timestamp }));
      const apiVersion = `${group}/${asked.version}`;
      return { code: 200, body: { kind: 'MetricValueList', apiVersion, metadata: {}, items } };
    },
  };
}

function withoutName({ namespace, query }: AggregatedRequest) {
  return { namespace, query };
}

function refused(message: string): StoreAnswer {
  return { code: 404, body: failure(404, message) };
}

type Value = {
  readonly pod: KubeObject;
  readonly milli: number;
  readonly metric: string;
  readonly timestamp: string;
};

/** The two versions tell the name of the metric in two ways. */
function item({ version }: AggregatedRequest, { pod, milli, metric, timestamp }: Value): unknown {
  const { name, namespace } = pod.metadata;
  return {
    describedObject: { kind: 'Pod', namespace, name, apiVersion: '/v1' },
    ...(version === 'v1beta1' ? { metricName: metric } : { metric: { name: metric } }),
    timestamp,
    windowSeconds: windowMs / 1000,
    value: quantityOfMilli(milli),
  };
}

function definition(metric: string): ResourceDefinition {
  const served = { served: true, status: false, columns: [] };
  return {
    group,
    versions: [
      { ...served, name: 'v1beta2', storage: true },
      { ...served, name: 'v1beta1', storage: false },
    ],
    kind: 'MetricValueList',
    listKind: 'MetricValueList',
    plural: `pods/${metric}`,
    singular: '',
    shortNames: [],
    categories: [],
    namespaced: true,
    custom: false,
    verbs: ['get'],
  };
}
