import { isRecord } from '#shared/lib/canonical.ts';
import type { Attributes } from './attributes.ts';

/** One rule of a role: what it allows, by lists in which `*` means all. */
export type Rule = {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Empty means all names. */
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
};

export function ruleAllows(rule: Rule, attributes: Attributes): boolean {
  if (!holds(rule.verbs, attributes.verb)) return false;
  if (attributes.kind === 'path') return allowsPath(rule, attributes.path);
  const { group, resource, subresource, name } = attributes;
  return (
    holds(rule.apiGroups, group) &&
    allowsResource(rule.resources, resource, subresource) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}

function holds(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

/** `pods/log` names a subresource, and `*` before the slash that subresource of everything. */
function allowsResource(
  resources: readonly string[],
  resource: string,
  subresource: string,
): boolean {
  if (resources.includes('*')) return true;
  if (subresource === '') return resources.includes(resource);
  return [`${resource}/${subresource}`, `*/${subresource}`].some((one) => resources.includes(one));
}

function allowsPath({ nonResourceURLs }: Rule, path: string): boolean {
  return nonResourceURLs.some(
    (url) => url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))),
  );
}

export function rulesOf(value: unknown): readonly Rule[] {
  return Array.isArray(value) ? value.filter(isRecord).map(ruleOf) : [];
}

function ruleOf(rule: Readonly<Record<string, unknown>>): Rule {
  const texts = (field: string): readonly string[] => {
    const value = rule[field];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  };
  return {
    verbs: texts('verbs'),
    apiGroups: texts('apiGroups'),
    resources: texts('resources'),
    resourceNames: texts('resourceNames'),
    nonResourceURLs: texts('nonResourceURLs'),
  };
}
