import { isRecord } from '#shared/lib/canonical.ts';
import { builtinAgeColumn, column, nameColumn } from './columns.ts';
import type { Column } from './columns.ts';

type Fields = Readonly<Record<string, unknown>>;

/* The columns of pods and of what makes, scales, limits and places them. */

function cell(
  name: string,
  of: (object: Fields) => unknown,
  more: { readonly type?: string; readonly priority?: number } = {},
): Column {
  const { type = 'string', priority = 0 } = more;
  return {
    declaration: column(name, type, { priority }),
    cell: (object) => of(isRecord(object) ? object : {}),
  };
}

const wide = { priority: 1 };
const whole = { type: 'integer' };

function inPart(object: Fields, part: 'spec' | 'status', field: string): unknown {
  return recordOf(object[part])[field];
}

export const podColumns: readonly Column[] = [
  nameColumn,
  cell('Ready', readyContainers),
  cell('Status', podStatus),
  cell('Restarts', restarts),
  builtinAgeColumn,
  cell('IP', (pod) => textOr(inPart(pod, 'status', 'podIP'), '<none>'), wide),
  cell('Node', (pod) => textOr(inPart(pod, 'spec', 'nodeName'), '<none>'), wide),
  cell(
    'Nominated Node',
    (pod) => textOr(inPart(pod, 'status', 'nominatedNodeName'), '<none>'),
    wide,
  ),
  cell('Readiness Gates', () => '<none>', wide),
];

export const nodeColumns: readonly Column[] = [
  nameColumn,
  cell('Status', nodeStatus),
  cell('Roles', nodeRoles),
  builtinAgeColumn,
  cell('Version', (node) =>
    textOr(recordOf(inPart(node, 'status', 'nodeInfo'))['kubeletVersion'], ''),
  ),
];

export const deploymentColumns: readonly Column[] = [
  nameColumn,
  cell('Ready', (object) => {
    const wanted = numberOr(inPart(object, 'spec', 'replicas'), 0);
    return `${numberOr(inPart(object, 'status', 'readyReplicas'), 0)}/${wanted}`;
  }),
  cell('Up-to-date', (object) => numberOr(inPart(object, 'status', 'updatedReplicas'), 0)),
  cell('Available', (object) => numberOr(inPart(object, 'status', 'availableReplicas'), 0)),
  builtinAgeColumn,
];

export const autoscalerColumns: readonly Column[] = [
  nameColumn,
  cell('Reference', (object) => {
    const { kind, name } = recordOf(inPart(object, 'spec', 'scaleTargetRef'));
    return `${textOr(kind, '')}/${textOr(name, '')}`;
  }),
  cell('Targets', autoscalerTargets),
  cell('MinPods', (object) => String(numberOr(inPart(object, 'spec', 'minReplicas'), 1))),
  cell('MaxPods', (object) => numberOr(inPart(object, 'spec', 'maxReplicas'), 0)),
  cell('Replicas', (object) => numberOr(inPart(object, 'status', 'currentReplicas'), 0)),
  builtinAgeColumn,
];

export const budgetColumns: readonly Column[] = [
  nameColumn,
  cell('Min Available', (object) => textOr(inPart(object, 'spec', 'minAvailable'), 'N/A')),
  cell('Max Unavailable', (object) => textOr(inPart(object, 'spec', 'maxUnavailable'), 'N/A')),
  cell(
    'Allowed Disruptions',
    (object) => numberOr(inPart(object, 'status', 'disruptionsAllowed'), 0),
    whole,
  ),
  builtinAgeColumn,
];

function readyContainers(pod: Fields): string {
  const statuses = recordsOf(inPart(pod, 'status', 'containerStatuses'));
  const all = recordsOf(inPart(pod, 'spec', 'containers'));
  return `${statuses.filter(({ ready }) => ready === true).length}/${all.length}`;
}

function podStatus(pod: Fields): string {
  const metadata = recordOf(pod['metadata']);
  if (metadata['deletionTimestamp'] !== undefined) return 'Terminating';
  const reason = inPart(pod, 'status', 'reason');
  const waiting = recordsOf(inPart(pod, 'status', 'containerStatuses'))
    .map(({ state }) => recordOf(recordOf(state)['waiting'])['reason'])
    .find((text) => typeof text === 'string' && text !== '');
  return textOr(waiting, textOr(reason, textOr(inPart(pod, 'status', 'phase'), 'Unknown')));
}

function restarts(pod: Fields): string {
  const statuses = recordsOf(inPart(pod, 'status', 'containerStatuses'));
  return String(statuses.reduce((sum, status) => sum + numberOr(status['restartCount'], 0), 0));
}

function nodeStatus(node: Fields): string {
  const ready = recordsOf(inPart(node, 'status', 'conditions')).find(
    ({ type }) => type === 'Ready',
  );
  const status =
    ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady';
  const closed = inPart(node, 'spec', 'unschedulable') === true;
  return closed ? `${status},SchedulingDisabled` : status;
}

function nodeRoles(node: Fields): string {
  const prefix = 'node-role.kubernetes.io/';
  const labels = Object.keys(recordOf(recordOf(node['metadata'])['labels']));
  const roles = labels
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  return roles.length === 0 ? '<none>' : roles.toSorted().join(',');
}

/** `cpu: 20%/50%`: what is measured against what is wanted. */
function autoscalerTargets(object: Fields): string {
  const wanted = recordsOf(inPart(object, 'spec', 'metrics'));
  const current = recordsOf(inPart(object, 'status', 'currentMetrics'));
  if (wanted.length === 0) return '<none>';
  const shown = wanted.slice(0, 2).map((metric, index) => targetText(metric, current[index] ?? {}));
  const more = wanted.length > 2 ? ` + ${wanted.length - 2} more...` : '';
  return `${shown.join(', ')}${more}`;
}

const sources: Readonly<Record<string, string>> = {
  Resource: 'resource',
  ContainerResource: 'containerResource',
  Pods: 'pods',
  Object: 'object',
  External: 'external',
};

function targetText(metric: Fields, current: Fields): string {
  const source = sources[textOr(metric['type'], '')] ?? '';
  const wanted = recordOf(metric[source]);
  const target = recordOf(wanted['target']);
  const found = recordOf(recordOf(current[source])['current']);
  const { averageUtilization, averageValue, value } = target;
  const name =
    source === 'resource' || source === 'containerResource'
      ? `${textOr(wanted['name'], '')}: `
      : '';
  if (averageUtilization !== undefined) {
    const now = found['averageUtilization'];
    const used = now === undefined ? '<unknown>' : `${textOr(now, '')}%`;
    return `${name}${used}/${textOr(averageUtilization, '')}%`;
  }
  if (averageValue !== undefined) {
    const average = source === 'external' || source === 'object' ? ' (avg)' : '';
    return `${name}${textOr(found['averageValue'], '<unknown>')}/${textOr(averageValue, '')}${average}`;
  }
  return `${name}${textOr(found['value'], '<unknown>')}/${textOr(value, '')}`;
}

function recordOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

function recordsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function textOr(value: unknown, other: string): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : other;
}

function numberOr(value: unknown, other: number): number {
  return typeof value === 'number' ? value : other;
}
