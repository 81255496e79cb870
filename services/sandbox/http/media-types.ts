/** A form in which a client wants the answer. */
export type Shape =
  | { readonly kind: 'plain'; readonly format: 'json' | 'yaml' }
  | { readonly kind: 'table' }
  | { readonly kind: 'partial'; readonly list: boolean }
  | { readonly kind: 'aggregated-discovery' };

const remembered = new Map<string, readonly Shape[]>();
const mostRemembered = 200;

/**
 * The forms of an Accept header that this server can make, in the order of the header: clients of
 * Kubernetes list what they like best first and use no q-values. Protobuf and CBOR are passed over, so
 * a client that also lists JSON gets JSON.
 */
export function shapesOf(accept: string | undefined): readonly Shape[] {
  const header = accept === undefined || accept === '' ? '*/*' : accept;
  const known = remembered.get(header);
  if (known !== undefined) return known;
  const shapes = header.split(',').flatMap((clause) => shapeOf(clause));
  if (remembered.size < mostRemembered) remembered.set(header, shapes);
  return shapes;
}

function shapeOf(clause: string): readonly Shape[] {
  const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
  const values = new Map(parameters.map((parameter) => pairOf(parameter)));
  if (type === 'application/yaml') return [{ kind: 'plain', format: 'yaml' }];
  if (type !== 'application/json' && type !== 'application/*' && type !== '*/*') return [];
  const form = values.get('as');
  if (form === undefined) return [{ kind: 'plain', format: 'json' }];
  const target = `${values.get('g') ?? ''}/${values.get('v') ?? ''}/${form}`;
  switch (target) {
    case 'meta.k8s.io/v1/Table':
      return [{ kind: 'table' }];
    case 'meta.k8s.io/v1/PartialObjectMetadata':
      return [{ kind: 'partial', list: false }];
    case 'meta.k8s.io/v1/PartialObjectMetadataList':
      return [{ kind: 'partial', list: true }];
    case 'apidiscovery.k8s.io/v2/APIGroupDiscoveryList':
      return [{ kind: 'aggregated-discovery' }];
    default:
      return [];
  }
}

function pairOf(parameter: string): readonly [string, string] {
  const at = parameter.indexOf('=');
  return at < 0 ? [parameter, ''] : [parameter.slice(0, at), parameter.slice(at + 1)];
}

/** The message of a 406, which names what this kind of server could make. */
export const acceptedTypes =
  'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf';

export const acceptedWatchTypes =
  'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';
