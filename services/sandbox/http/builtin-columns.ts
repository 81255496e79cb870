import { isRecord } from '#shared/lib/canonical.ts';
import { textOf } from '#shared/lib/loose.ts';
import { builtinAgeColumn, column, nameColumn } from './columns.ts';
import type { Column } from './columns.ts';
import { autoscalerColumns, budgetColumns, deploymentColumns } from './workload-columns.ts';
import { nodeColumns, podColumns } from './workload-columns.ts';
import { ageOf } from './human-duration.ts';
import { jsonPath } from './json-path.ts';

/**
 * The columns of built-in kinds, as kubernetes' printers declare them: names, order and what the cells
 * say are what people know from `kubectl get`.
 */
const byResource: Readonly<Record<string, readonly Column[]>> = {
  '/namespaces': [nameColumn, path('Status', '.status.phase'), builtinAgeColumn],
  '/configmaps': [
    nameColumn,
    counted('Data', ['.data', '.binaryData'], 'string'),
    builtinAgeColumn,
  ],
  '/secrets': [
    nameColumn,
    path('Type', '.type'),
    counted('Data', ['.data'], 'string'),
    builtinAgeColumn,
  ],
  '/services': [
    nameColumn,
    path('Type', '.spec.type'),
    path('Cluster-IP', '.spec.clusterIP', { missing: '<none>' }),
    path('External-IP', '.spec.externalIPs[*]', { missing: '<none>', separator: ',' }),
    made('Port(s)', portsOf),
    builtinAgeColumn,
    made('Selector', (object) => labelsText(first(object, '.spec.selector')), 1),
  ],
  '/persistentvolumeclaims': [
    nameColumn,
    made('Status', phaseOf),
    path('Volume', '.spec.volumeName'),
    path('Capacity', '.status.capacity.storage'),
    made('Access Modes', (object) => accessModesOf(first(object, '.status.accessModes'))),
    path('StorageClass', '.spec.storageClassName'),
    path('VolumeAttributesClass', '.spec.volumeAttributesClassName', { missing: '<unset>' }),
    builtinAgeColumn,
    path('VolumeMode', '.spec.volumeMode', { missing: '<unset>', priority: 1 }),
  ],
  '/persistentvolumes': [
    nameColumn,
    path('Capacity', '.spec.capacity.storage'),
    made('Access Modes', (object) => accessModesOf(first(object, '.spec.accessModes'))),
    path('Reclaim Policy', '.spec.persistentVolumeReclaimPolicy'),
    made('Status', phaseOf),
    made('Claim', claimOf),
    path('StorageClass', '.spec.storageClassName'),
    path('VolumeAttributesClass', '.spec.volumeAttributesClassName', { missing: '<unset>' }),
    path('Reason', '.status.reason'),
    builtinAgeColumn,
    path('VolumeMode', '.spec.volumeMode', { missing: '<unset>', priority: 1 }),
  ],
  '/events': eventColumns(),
  'events.k8s.io/events': eventColumns(),
  '/pods': podColumns,
  '/nodes': nodeColumns,
  '/serviceaccounts': [
    nameColumn,
    {
      declaration: column('Secrets', 'string'),
      cell: (object) => {
        const secrets = first(object, '.secrets');
        return Array.isArray(secrets) ? secrets.length : 0;
      },
    },
    builtinAgeColumn,
  ],
  'apps/deployments': deploymentColumns,
  'autoscaling/horizontalpodautoscalers': autoscalerColumns,
  'policy/poddisruptionbudgets': budgetColumns,
  'networking.k8s.io/networkpolicies': [
    nameColumn,
    made('Pod-Selector', (object) => labelsText(first(object, '.spec.podSelector.matchLabels'))),
    builtinAgeColumn,
  ],
  'rbac.authorization.k8s.io/roles': [nameColumn, createdAt()],
  'rbac.authorization.k8s.io/clusterroles': [nameColumn, createdAt()],
  'rbac.authorization.k8s.io/rolebindings': bindingColumns(),
  'rbac.authorization.k8s.io/clusterrolebindings': bindingColumns(),
  'admissionregistration.k8s.io/validatingwebhookconfigurations': [
    nameColumn,
    {
      declaration: column('Webhooks', 'integer'),
      cell: (object) => {
        const webhooks = first(object, '.webhooks');
        return Array.isArray(webhooks) ? webhooks.length : 0;
      },
    },
    builtinAgeColumn,
  ],
  'apps/controllerrevisions': [
    nameColumn,
    made('Controller', controllerOf),
    {
      declaration: column('Revision', 'integer'),
      cell: (object) => first(object, '.revision') ?? 0,
    },
    builtinAgeColumn,
  ],
  'coordination.k8s.io/leases': [
    nameColumn,
    path('Holder', '.spec.holderIdentity'),
    builtinAgeColumn,
  ],
  'storage.k8s.io/storageclasses': [
    { ...nameColumn, cell: classNameOf },
    path('Provisioner', '.provisioner'),
    path('ReclaimPolicy', '.reclaimPolicy', { missing: 'Delete' }),
    path('VolumeBindingMode', '.volumeBindingMode', { missing: 'Immediate' }),
    {
      declaration: column('AllowVolumeExpansion', 'string'),
      cell: (object) => first(object, '.allowVolumeExpansion') === true,
    },
    builtinAgeColumn,
  ],
  'apiextensions.k8s.io/customresourcedefinitions': [nameColumn, createdAt()],
};

const others: readonly Column[] = [nameColumn, builtinAgeColumn];

export function builtinColumns(group: string, plural: string): readonly Column[] {
  return byResource[`${group}/${plural}`] ?? others;
}

/** The columns of the Scale that a `/scale` subresource answers with. */
export const scaleColumns: readonly Column[] = [
  nameColumn,
  {
    declaration: column('Desired', 'integer'),
    cell: (object) => first(object, '.spec.replicas') ?? 0,
  },
  {
    declaration: column('Available', 'integer'),
    cell: (object) => first(object, '.status.replicas') ?? 0,
  },
  { ...builtinAgeColumn, declaration: { ...builtinAgeColumn.declaration, type: 'date' } },
];

function createdAt(): Column {
  return {
    ...path('Created At', '.metadata.creationTimestamp'),
    declaration: column('Created At', 'date'),
  };
}

function bindingColumns(): readonly Column[] {
  const role = (object: unknown) =>
    `${textOf(first(object, '.roleRef.kind'))}/${textOf(first(object, '.roleRef.name'))}`;
  return [nameColumn, made('Role', role), builtinAgeColumn];
}

type PathOptions = {
  readonly missing?: string;
  readonly separator?: string;
  readonly priority?: number;
};

function path(name: string, where: string, options: PathOptions = {}): Column {
  const find = jsonPath(where);
  const { missing = '', separator = ' ', priority = 0 } = options;
  return {
    declaration: column(name, 'string', { priority }),
    cell: (object) => {
      const found = find(object).filter((value) => value !== null && value !== '');
      return found.length === 0 ? missing : found.map(String).join(separator);
    },
  };
}

function made(name: string, cell: (object: unknown) => string, priority = 0): Column {
  return { declaration: column(name, 'string', { priority }), cell };
}

function counted(name: string, paths: readonly string[], type: string): Column {
  return {
    declaration: column(name, type),
    cell: (object) =>
      paths.reduce((sum, where) => {
        const value = first(object, where);
        return sum + (isRecord(value) ? Object.keys(value).length : 0);
      }, 0),
  };
}

const paths = new Map<string, (root: unknown) => readonly unknown[]>();

function first(object: unknown, where: string): unknown {
  const known = paths.get(where);
  const find = known ?? jsonPath(where);
  if (known === undefined) paths.set(where, find);
  return find(object)[0];
}

function phaseOf(object: unknown): string {
  if (first(object, '.metadata.deletionTimestamp') !== undefined) return 'Terminating';
  return textOf(first(object, '.status.phase'));
}

const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** In the fixed order of the table above, each once. */
function accessModesOf(value: unknown): string {
  if (!Array.isArray(value)) return '';
  const given = new Set<unknown>(value);
  const known = Object.entries(shortModes).filter(([mode]) => given.has(mode));
  return known.map(([, short]) => short).join(',');
}

function claimOf(object: unknown): string {
  const claim = first(object, '.spec.claimRef');
  if (!isRecord(claim)) return '';
  return `${textOf(claim['namespace'])}/${textOf(claim['name'])}`;
}

function portsOf(object: unknown): string {
  const ports = first(object, '.spec.ports');
  if (!Array.isArray(ports) || ports.length === 0) return '<none>';
  return ports.map(portText).join(',');
}

function portText(port: unknown): string {
  if (!isRecord(port)) return '';
  const node = typeof port['nodePort'] === 'number' ? `:${port['nodePort']}` : '';
  return `${String(port['port'])}${node}/${textOf(port['protocol']) || 'TCP'}`;
}

function labelsText(value: unknown): string {
  if (!isRecord(value) || Object.keys(value).length === 0) return '<none>';
  const pairs = Object.keys(value).toSorted();
  return pairs.map((key) => `${key}=${String(value[key])}`).join(',');
}

const defaultClass = "['storageclass.kubernetes.io/is-default-class']";

function classNameOf(object: unknown): string {
  const name = textOf(first(object, '.metadata.name'));
  const isDefault = first(object, `.metadata.annotations${defaultClass}`) === 'true';
  return isDefault ? `${name} (default)` : name;
}

/** `virtualmachinepool.pool.kubevirt.io/name` of the controlling owner. */
function controllerOf(object: unknown): string {
  const owner = first(object, '.metadata.ownerReferences[?(@.controller==true)]');
  if (!isRecord(owner)) return '<none>';
  const [group, version] = textOf(owner['apiVersion']).split('/');
  const suffix = version === undefined ? '' : `.${group ?? ''}`;
  return `${textOf(owner['kind']).toLowerCase()}${suffix}/${textOf(owner['name'])}`;
}

function eventColumns(): readonly Column[] {
  const name: Column = { ...nameColumn, declaration: { ...nameColumn.declaration, priority: 1 } };
  return [
    aged('Last Seen', ['.series.lastObservedTime', '.lastTimestamp', '.eventTime'], 0),
    path('Type', '.type'),
    path('Reason', '.reason'),
    made('Object', involvedOf),
    path('Subobject', '.involvedObject.fieldPath', { priority: 1 }),
    made('Source', sourceOf, 1),
    made('Message', (object) => textOf(first(object, '.message')).trim()),
    aged('First Seen', ['.firstTimestamp', '.eventTime'], 1),
    {
      declaration: column('Count', 'string', { priority: 1 }),
      cell: (object) => first(object, '.series.count') ?? first(object, '.count') ?? 1,
    },
    name,
  ];
}

function aged(name: string, times: readonly string[], priority: number): Column {
  return {
    declaration: column(name, 'string', { priority }),
    cell: (object, nowMs) => {
      const time = times
        .map((where) => first(object, where))
        .find((value) => value !== undefined && value !== null);
      return ageOf(time, nowMs) ?? '<unknown>';
    },
  };
}

function involvedOf(object: unknown): string {
  const involved = first(object, '.involvedObject') ?? first(object, '.regarding');
  if (!isRecord(involved)) return '';
  const kind = textOf(involved['kind']).toLowerCase();
  const name = textOf(involved['name']);
  return name === '' ? kind : `${kind}/${name}`;
}

function sourceOf(object: unknown): string {
  const component =
    textOf(first(object, '.source.component')) || textOf(first(object, '.reportingComponent'));
  const host = textOf(first(object, '.source.host')) || textOf(first(object, '.reportingInstance'));
  return host === '' ? component : `${component}, ${host}`;
}
