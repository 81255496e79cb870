import { valueAt } from './json.ts';
import { badRequest, refused } from './failures.ts';
import type { Refused } from './failures.ts';
import { parseLabelSelector } from './label-selector.ts';
import type { KubeObject, ListOptions, ResourceDefinition } from './types.ts';

export type Selection =
  | { readonly kind: 'read'; readonly value: (object: KubeObject) => boolean }
  | Refused;

type Selectors = Pick<ListOptions, 'labelSelector' | 'fieldSelector'>;

/** Which objects a label and a field selector ask for; what is left out asks for all. */
export function selectorOf(definition: ResourceDefinition, selectors: Selectors): Selection {
  const { labelSelector = '', fieldSelector = '' } = selectors;
  const byLabel = parseLabelSelector(labelSelector);
  if (byLabel.kind === 'unreadable') return refused(badRequest(byLabel.why));
  const byField = parseFieldSelector(definition, fieldSelector);
  if (byField.kind === 'refused') return byField;
  return {
    kind: 'read',
    value: (object) => byLabel.matches(object.metadata.labels ?? {}) && byField.value(object),
  };
}

type Term = { readonly path: readonly string[]; readonly value: string; readonly equal: boolean };

function parseFieldSelector(definition: ResourceDefinition, text: string): Selection {
  const parts = splitUnescaped(text, ',').filter((part) => part !== '');
  const terms: Term[] = [];
  for (const part of parts) {
    const match = /^([^=!]*)(==|!=|=)(.*)$/s.exec(part);
    const [, field = '', sign, value = ''] = match ?? [];
    if (match === null) {
      return refused(badRequest(`invalid selector: '${text}'; can't understand '${part}'`));
    }
    const path = fieldsOf(definition).get(field);
    if (path === undefined) return refused(badRequest(unsupported(definition, field)));
    terms.push({ path, value: value.replaceAll(/\\([\\,=])/g, '$1'), equal: sign !== '!=' });
  }
  return { kind: 'read', value: (object) => terms.every((term) => holds(object, term)) };
}

function holds(object: KubeObject, { path, value, equal }: Term): boolean {
  const found = valueAt(object, path);
  const text = typeof found === 'string' ? found : '';
  return (text === value) === equal;
}

function splitUnescaped(text: string, separator: string): readonly string[] {
  const parts: string[] = [''];
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    const taken = character === '\\' ? character + text.charAt((index += 1)) : character;
    if (taken === separator) parts.push('');
    else parts.push((parts.pop() ?? '') + taken);
  }
  return parts;
}

function unsupported({ custom, group, plural }: ResourceDefinition, field: string): string {
  if (custom || group !== '' || plural in coreFields) return `field label not supported: ${field}`;
  return `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

const everywhere = ['metadata.name', 'metadata.namespace'];

const coreFields: Readonly<Record<string, readonly string[]>> = {
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.nominatedNodeName',
    'status.phase',
    'status.podIP',
  ],
  secrets: ['type'],
};

function fieldsOf({ group, plural }: ResourceDefinition): ReadonlyMap<string, readonly string[]> {
  const own = group === '' ? (coreFields[plural] ?? []) : [];
  return new Map([...everywhere, ...own].map((field) => [field, pathOf(field)]));
}

function pathOf(field: string): readonly string[] {
  if (field === 'source') return ['source', 'component'];
  return field.split('.');
}
