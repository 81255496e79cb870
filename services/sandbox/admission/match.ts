import type { ResourceDefinition } from '../store/types.ts';
import type { Webhook, WebhookRule } from './webhooks.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

/** A write as far as rules can tell writes apart. */
export type Occasion = {
  readonly operation: Operation;
  readonly definition: ResourceDefinition;
  /** The version of the request. */
  readonly version: string;
  /** '' for the object itself. */
  readonly subresource: string;
};

/**
 * The version in which a webhook wants to see a write; undefined where no rule of it speaks of the
 * write. A rule for another version counts too, unless the webhook wants exact matches.
 */
export function matchedVersion(webhook: Webhook, occasion: Occasion): string | undefined {
  const { definition, version } = occasion;
  const others = definition.versions.map(({ name }) => name).filter((name) => name !== version);
  const versions = webhook.equivalent ? [version, ...others] : [version];
  return versions.find((candidate) =>
    webhook.rules.some((rule) => isAbout(rule, { ...occasion, version: candidate })),
  );
}

function isAbout(rule: WebhookRule, { operation, definition, version, subresource }: Occasion) {
  const { group, plural, namespaced } = definition;
  return (
    names(rule.operations, operation) &&
    names(rule.apiGroups, group) &&
    names(rule.apiVersions, version) &&
    (rule.scope === '*' || rule.scope === (namespaced ? 'Namespaced' : 'Cluster')) &&
    rule.resources.some((resource) => isResource(resource, plural, subresource))
  );
}

function names(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

/** `pods`, `pods/status`, `pods/*`, `*`, and `*` before a slash: first the resource, then the part. */
function isResource(rule: string, plural: string, subresource: string): boolean {
  const [resource = '', part] = rule.split('/', 2);
  if (resource !== '*' && resource !== plural) return false;
  return part === undefined ? subresource === '' : part === '*' || part === subresource;
}
