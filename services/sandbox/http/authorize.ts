import { refusalText } from '../access/attributes.ts';
import type { Attributes } from '../access/attributes.ts';
import type { Authorizer, Verdict } from '../access/authorizer.ts';
import type { Caller } from '../store/types.ts';
import type { Exchange } from './exchange.ts';
import type { ObjectTarget, Target } from './paths.ts';
import { isSet } from './query.ts';
import { failure, qualifiedResource, resourceDetails } from './status.ts';
import type { Status } from './status.ts';

/** The refusal of something for which the caller lacks the right; undefined where it may go on. */
export function forbiddenTo(
  authorizer: Authorizer,
  caller: Caller,
  attributes: Attributes,
): Status | undefined {
  return refusalBy(authorizer.authorize(caller, attributes), caller, attributes);
}

/** The same by a verdict that has been given. */
export function refusalBy(
  verdict: Verdict,
  caller: Caller,
  attributes: Attributes,
): Status | undefined {
  if (verdict.allowed) return undefined;
  const why = verdict.reason === '' ? '' : `: ${verdict.reason}`;
  const text = `forbidden: ${refusalText(caller.user, attributes)}${why}`;
  if (attributes.kind === 'path') return failure(403, text, {});
  const { group, resource: plural, name } = attributes;
  const subject = name === '' ? '' : ` ${JSON.stringify(name)}`;
  const message = `${qualifiedResource({ group, plural })}${subject} is ${text}`;
  return failure(403, message, resourceDetails({ group, plural }, name === '' ? undefined : name));
}

export function attributesOf({ method, path, query }: Exchange, target: Target): Attributes {
  if (target.kind !== 'objects') return { kind: 'path', verb: method.toLowerCase(), path };
  const { group, version, plural, subresource = '', namespace = '' } = target;
  const verb = verbOf(method, query, target);
  const base = { kind: 'resource', verb, group, version, resource: plural, subresource } as const;
  // A namespace is the place of its own rights, as in Kubernetes.
  const isNamespace = group === '' && plural === 'namespaces' && namespace === '';
  const place = isNamespace ? (target.name ?? '') : namespace;
  return { ...base, namespace: place, name: target.name ?? selectedName(query) };
}

function verbOf(method: string, query: URLSearchParams, target: ObjectTarget): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (target.watch || isSet(query, 'watch')) return 'watch';
      return target.name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'DELETE':
      return target.name === undefined ? 'deletecollection' : 'delete';
    default:
      return method.toLowerCase();
  }
}

/** A list of one object by its name counts as asking for that object. */
function selectedName(query: URLSearchParams): string {
  return /^metadata\.name=([^,]+)$/.exec(query.get('fieldSelector') ?? '')?.[1] ?? '';
}
