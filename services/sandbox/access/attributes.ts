/** What someone wants to do, as far as rights are concerned. */
export type Attributes =
  | {
      readonly kind: 'resource';
      readonly verb: string;
      readonly group: string;
      readonly version: string;
      readonly resource: string;
      /** '' for the object itself. */
      readonly subresource: string;
      /** '' at the cluster scope, and over all namespaces. */
      readonly namespace: string;
      /** '' where the request names no object. */
      readonly name: string;
    }
  | { readonly kind: 'path'; readonly verb: string; readonly path: string };

/** What is asked of a whole resource or of one object of it. */
export type ResourceAttributes = Extract<Attributes, { kind: 'resource' }>;

/** The words of a 403 after its subject: who cannot do what, and where. */
export function refusalText(user: string, attributes: Attributes): string {
  const who = `User ${JSON.stringify(user)} cannot ${attributes.verb}`;
  if (attributes.kind === 'path') return `${who} path ${JSON.stringify(attributes.path)}`;
  const { resource, subresource, group, namespace } = attributes;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const where =
    namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${JSON.stringify(whole)} in API group ${JSON.stringify(group)} ${where}`;
}
