import { isRecord } from '#shared/lib/canonical.ts';
import type { Cause } from '../schema/types.ts';
import { isAutoscaler } from './autoscaler-versions.ts';
import type { NameRule } from './names.ts';
import { isCrd } from './registry.ts';
import { rfc3339 } from './rfc3339.ts';
import type { KubeObject, ResourceDefinition } from './types.ts';

/** Kinds whose objects name something in DNS. */
export function nameRuleOf({ group, plural }: ResourceDefinition): NameRule {
  if (group === 'rbac.authorization.k8s.io') return 'segment';
  return group === '' && (plural === 'namespaces' || plural === 'services') ? 'label' : 'subdomain';
}

/** Kinds that are answered whole when they are gone at once, instead of by a Status. */
export function answersDeletedObject({ group, plural }: ResourceDefinition): boolean {
  return group === '' && deletedAnswered.has(plural);
}

const deletedAnswered = new Set(['persistentvolumeclaims', 'persistentvolumes', 'services']);

type Occasion = { readonly definition: ResourceDefinition; readonly nowMs: number };

/** What the server itself adds to a new object of a built-in kind. */
export function completeNew({ definition, nowMs }: Occasion, object: KubeObject): KubeObject {
  if (isCrd(definition)) return withCrdStatus(object, undefined, nowMs);
  if (isAutoscaler(object)) return newAutoscaler(object);
  if (definition.group !== '') return object;
  switch (definition.plural) {
    case 'namespaces':
      return newNamespace(object);
    case 'persistentvolumeclaims':
      return newVolume(object, 'kubernetes.io/pvc-protection', {});
    case 'persistentvolumes':
      return newVolume(object, 'kubernetes.io/pv-protection', {
        persistentVolumeReclaimPolicy: 'Retain',
      });
    case 'secrets':
      return withStringData({ ...object, type: object['type'] ?? 'Opaque' });
    case 'pods':
      return { ...object, status: { phase: 'Pending' } };
    case 'services':
      return newService(object);
    case 'events':
      return { eventTime: null, reportingComponent: '', reportingInstance: '', ...object };
    default:
      return object;
  }
}

/** A port leads to the port of the same number unless it says otherwise. */
function newService(object: KubeObject): KubeObject {
  const spec = recordOf(object['spec']);
  const ports = listOf(spec['ports']).map((port) => {
    const { port: number, ...rest } = recordOf(port);
    return { ...rest, port: number, targetPort: rest['targetPort'] ?? number };
  });
  const given = ports.length > 0 ? { ports } : {};
  return { ...object, spec: { ...spec, ...given }, status: { loadBalancer: {} } };
}

/** What the server itself adds to a changed object of a built-in kind. */
export function completeChanged(
  { definition, nowMs }: Occasion,
  object: KubeObject,
  old: KubeObject,
): KubeObject {
  if (isCrd(definition)) return withCrdStatus(object, old, nowMs);
  if (isAutoscaler(object)) return completeAutoscaler(object);
  if (definition.group !== '') return object;
  switch (definition.plural) {
    case 'namespaces':
      // Only the namespace's own controller takes this finalizer away.
      return { ...labelled(object), spec: old['spec'] };
    case 'secrets':
      return withStringData(object);
    default:
      return object;
  }
}

/** What a definition must hold beyond its schema. */
export function causesOfKind(
  definition: ResourceDefinition,
  object: KubeObject,
  definitionOfCrd: (crd: KubeObject) => ResourceDefinition,
): readonly Cause[] {
  if (!isCrd(definition)) return [];
  const spec = recordOf(object['spec']);
  const plural = String(recordOf(spec['names'])['plural'] ?? '');
  const expected = `${plural}.${String(spec['group'] ?? '')}`;
  const { name } = object.metadata;
  if (name !== expected) {
    const message = `Invalid value: "${name}": must be spec.names.plural+"."+spec.group`;
    return [{ reason: 'FieldValueInvalid', message, field: 'metadata.name' }];
  }
  try {
    definitionOfCrd(object);
    return [];
  } catch (error) {
    // A definition that cannot be read is the sender's fault, not ours.
    const why = error instanceof Error ? error.message : String(error);
    return [{ reason: 'FieldValueInvalid', message: `Invalid value: ${why}`, field: 'spec' }];
  }
}

const cpuUsage = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
};
const fastUp = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const slowDown = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};

function newAutoscaler(object: KubeObject): KubeObject {
  return { ...completeAutoscaler(object), status: { desiredReplicas: 0, currentMetrics: null } };
}

/** Without metrics it follows the CPU; a behaviour that is told in part is completed. */
function completeAutoscaler(object: KubeObject): KubeObject {
  const spec = recordOf(object['spec']);
  const { behavior } = spec;
  const metrics = listOf(spec['metrics']).length > 0 ? spec['metrics'] : [cpuUsage];
  const rules = isRecord(behavior) && {
    behavior: {
      scaleUp: { ...fastUp, ...recordOf(behavior['scaleUp']) },
      scaleDown: { ...slowDown, ...recordOf(behavior['scaleDown']) },
    },
  };
  return { ...object, spec: { ...spec, metrics, ...rules } };
}

function newNamespace(object: KubeObject): KubeObject {
  return { ...labelled(object), spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
}

function labelled(object: KubeObject): KubeObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  return { ...object, metadata: { ...metadata, labels } };
}

function newVolume(
  object: KubeObject,
  finalizer: string,
  defaults: Readonly<Record<string, unknown>>,
): KubeObject {
  const { metadata } = object;
  const others = (metadata.finalizers ?? []).filter((other) => other !== finalizer);
  return {
    ...object,
    metadata: { ...metadata, finalizers: [...others, finalizer] },
    spec: { volumeMode: 'Filesystem', ...defaults, ...recordOf(object['spec']) },
    status: { phase: 'Pending' },
  };
}

function withStringData({ stringData, ...object }: KubeObject): KubeObject {
  if (!isRecord(stringData)) return object;
  const encoded = Object.entries(stringData).map(([key, text]) => [
    key,
    Buffer.from(String(text)).toString('base64'),
  ]);
  return { ...object, data: { ...recordOf(object['data']), ...Object.fromEntries(encoded) } };
}

/** A definition is established as soon as it stands: there is no other with its names. */
function withCrdStatus(crd: KubeObject, old: KubeObject | undefined, nowMs: number): KubeObject {
  const spec = recordOf(crd['spec']);
  const given = recordOf(spec['names']);
  const kind = String(given['kind'] ?? '');
  const names = { listKind: `${kind}List`, singular: kind.toLowerCase(), ...given };
  const oldStatus = recordOf(old?.['status']);
  const versions = listOf(spec['versions']).map(recordOf);
  const stored = versions.filter(({ storage }) => storage === true).map(({ name }) => name);
  const storedVersions = [...new Set([...listOf(oldStatus['storedVersions']), ...stored])];
  const conditions = listOf(oldStatus['conditions']);
  return {
    ...crd,
    spec: { conversion: { strategy: 'None' }, ...spec, names },
    status: {
      conditions: conditions.length > 0 ? conditions : crdConditions(rfc3339(nowMs)),
      acceptedNames: names,
      storedVersions,
    },
  };
}

function crdConditions(lastTransitionTime: string): readonly unknown[] {
  return [
    {
      type: 'NamesAccepted',
      status: 'True',
      lastTransitionTime,
      reason: 'NoConflicts',
      message: 'no conflicts found',
    },
    {
      type: 'Established',
      status: 'True',
      lastTransitionTime,
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
    },
  ];
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
