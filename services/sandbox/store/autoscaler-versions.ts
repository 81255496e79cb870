import { isRecord } from '#shared/lib/canonical.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject } from './types.ts';

/*
 * HorizontalPodAutoscaler is the one kind here whose versions differ in more than their name. What v1
 * has no field for travels in annotations, as in Kubernetes.
 */

const prefix = 'autoscaling.alpha.kubernetes.io/';

export function isAutoscaler({ kind, apiVersion }: Pick<KubeObject, 'kind' | 'apiVersion'>) {
  return kind === 'HorizontalPodAutoscaler' && apiVersion.startsWith('autoscaling/');
}

/** The autoscaler in another of its versions; the same object where it is in that one already. */
export function autoscalerInVersion(object: KubeObject, apiVersion: string): KubeObject {
  if (object.apiVersion === apiVersion) return object;
  return apiVersion === 'autoscaling/v1' ? toFirst(object) : toSecond(object, apiVersion);
}

function toFirst(object: KubeObject): KubeObject {
  const { metrics, behavior, ...spec } = recordOf(object['spec']);
  const { currentMetrics, conditions, ...status } = recordOf(object['status']);
  const all = listOf(metrics);
  const usage = all.findIndex(isCpuUsage);
  const current = listOf(currentMetrics);
  const known = {
    metrics: all.filter((_, index) => index !== usage),
    behavior,
    'current-metrics': current.filter((metric) => !isCpuUsage(metric)),
    conditions: listOf(conditions),
  };
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(object, known),
    ...('spec' in object && {
      spec: { ...spec, ...wanted('targetCPUUtilizationPercentage', usageOf(all[usage], 'target')) },
    }),
    ...('status' in object && {
      status: {
        currentReplicas: 0,
        ...status,
        ...wanted('currentCPUUtilizationPercentage', usageOf(current.find(isCpuUsage), 'current')),
      },
    }),
  };
}

function toSecond(object: KubeObject, apiVersion: string): KubeObject {
  const { targetCPUUtilizationPercentage, ...spec } = recordOf(object['spec']);
  const { currentCPUUtilizationPercentage, ...status } = recordOf(object['status']);
  const { rest, values } = takenAnnotations(object);
  const target = cpuMetric('target', targetCPUUtilizationPercentage);
  const current = cpuMetric('current', currentCPUUtilizationPercentage);
  const metrics = [...target, ...listOf(values['metrics'])];
  const conditions = listOf(values['conditions']);
  return {
    ...object,
    apiVersion,
    metadata: rest,
    ...('spec' in object && {
      spec: {
        ...spec,
        ...(metrics.length > 0 && { metrics }),
        ...(isRecord(values['behavior']) && { behavior: values['behavior'] }),
      },
    }),
    ...('status' in object && {
      status: {
        ...status,
        currentMetrics: [...current, ...listOf(values['current-metrics'])],
        ...(conditions.length > 0 && { conditions }),
      },
    }),
  };
}

function isCpuUsage(metric: unknown): boolean {
  const resource = recordOf(recordOf(metric)['resource']);
  if (resource['name'] !== 'cpu') return false;
  return ['target', 'current'].some((part) => usageIn(resource[part]) !== undefined);
}

function usageOf(metric: unknown, part: 'target' | 'current'): unknown {
  return usageIn(recordOf(recordOf(metric)['resource'])[part]);
}

function usageIn(value: unknown): unknown {
  return recordOf(value)['averageUtilization'];
}

function cpuMetric(part: 'target' | 'current', averageUtilization: unknown): readonly unknown[] {
  if (typeof averageUtilization !== 'number') return [];
  const type = part === 'target' ? { type: 'Utilization' } : {};
  const resource = { name: 'cpu', [part]: { ...type, averageUtilization } };
  return [{ type: 'Resource', resource }];
}

function wanted(field: string, value: unknown): JsonObject {
  return value === undefined ? {} : { [field]: value };
}

function withAnnotations({ metadata }: KubeObject, values: JsonObject): KubeObject['metadata'] {
  const extra = Object.entries(values).flatMap(([name, value]) => {
    const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
    return isEmpty ? [] : [[`${prefix}${name}`, JSON.stringify(value)] as const];
  });
  if (extra.length === 0) return metadata;
  return { ...metadata, annotations: { ...metadata.annotations, ...Object.fromEntries(extra) } };
}

function takenAnnotations({ metadata }: KubeObject) {
  const entries = Object.entries(metadata.annotations ?? {});
  const values = entries
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, text]): [string, unknown] => [key.slice(prefix.length), parsed(text)]);
  if (values.length === 0) return { rest: metadata, values: {} };
  const { annotations: _, ...others } = metadata;
  const { name, uid, resourceVersion, creationTimestamp } = metadata;
  const kept = entries.filter(([key]) => !key.startsWith(prefix));
  const annotations = kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {};
  const rest = { ...others, name, uid, resourceVersion, creationTimestamp, ...annotations };
  const taken: JsonObject = Object.fromEntries(values);
  return { rest, values: taken };
}

/** An annotation that is no JSON says nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): JsonObject {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
