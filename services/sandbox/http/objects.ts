import type { Admission } from '../admission/admission.ts';
import { reviewedWrite } from '../admission/reviewed-write.ts';
import { readOne } from '../store/read-all.ts';
import type { ReviewParts } from '../access/reviews.ts';
import type { Store, StoreAnswer, StoreRequest } from '../store/types.ts';
import { forbiddenTo } from './authorize.ts';
import type { Exchange } from './exchange.ts';
import { acceptedTypes, shapesOf } from './media-types.ts';
import type { Shape } from './media-types.ts';
import type { ObjectTarget } from './paths.ts';
import { isSet } from './query.ts';
import { readRequest } from './read-request.ts';
import type { Asked, Verb } from './read-request.ts';
import { objectReply, pathNotFound } from './reply.ts';
import type { Reply } from './reply.ts';
import { answerReview } from './reviews.ts';
import { includeOf, shapeAnswer } from './shape-answer.ts';
import { failure, qualifiedResource, resourceDetails } from './status.ts';
import type { Status } from './status.ts';
import type { Shown } from './tables.ts';

export type ObjectParts = ReviewParts & {
  readonly admission: Admission;
  readonly store: Store;
  readonly durable: (resourceVersion: number) => Promise<void>;
  readonly now: () => number;
  /** Takes a request over that asks for a watch; answers only what it refuses. */
  readonly watch: (exchange: Exchange, asked: AskedWatch) => Promise<Reply | undefined>;
};

export type AskedWatch = {
  readonly shown: Shown;
  readonly namespace: string;
};

/** Answers a request for objects; undefined where a watch has taken it over. */
export async function answerObjects(
  parts: ObjectParts,
  exchange: Exchange,
  target: ObjectTarget,
): Promise<Reply | undefined> {
  const found = parts.store.resolve(target);
  if (found === undefined || !isInScope(found, target, exchange.method)) return pathNotFound();
  const shown = subresourceOf(found, target.subresource);
  if (shown === undefined) return unknownSubresource(found, target);
  const verb = verbOf(exchange, target);
  switch (verb.kind) {
    case 'refused':
      return refusal(verb.status(found));
    case 'watch':
      if (!allows(found, 'watch')) return notAllowed();
      return parts.watch(exchange, { shown, namespace: target.namespace ?? '' });
    case 'verb':
      if (!allows(found, verb.verb)) return notAllowed();
      return carryOut(parts, exchange, { target, shown, verb: verb.verb });
  }
}

function allows({ definition: { verbs } }: Shown, verb: string): boolean {
  return verbs === undefined || verbs.includes(verb);
}

function notAllowed(): Reply {
  return refusal(failure(405, 'the server does not allow this method on the requested resource'));
}

async function carryOut(parts: ObjectParts, exchange: Exchange, asked: Asked): Promise<Reply> {
  const shape = pickShape(exchange);
  if (shape === undefined) return refusal(failure(406, acceptedTypes));
  const request = await readRequest(exchange, asked);
  if (request.kind === 'refused') return refusal(request.status);
  const include = includeOf(exchange.query);
  const answer = await handled(parts, exchange, { shown: asked.shown, request: request.value });
  // Reads wait too: a client must not hold a resourceVersion that a crash takes back.
  await parts.durable(parts.store.resourceVersion);
  const { shown } = asked;
  const warnings = [...deprecationOf(shown), ...(answer.warnings ?? [])];
  return shapeAnswer({ shape, shown, include, nowMs: parts.now() }, { ...answer, warnings });
}

type Handled = { readonly shown: Shown; readonly request: StoreRequest };

async function handled(
  parts: ObjectParts,
  exchange: Exchange,
  { shown, request }: Handled,
): Promise<StoreAnswer> {
  const { definition, version } = shown;
  if (request.verb === 'get' || request.verb === 'list') return parts.store.handle(request);
  if (definition.verbs !== undefined && request.verb === 'create') {
    return answerReview(parts, shown, request);
  }
  const refused = forbiddenCreate(parts, exchange, request);
  if (refused !== undefined) return { code: refused.code, body: refused };
  const manager = exchange.query.get('fieldManager') ?? '';
  const subresource = shown.subresource ?? '';
  return reviewedWrite(parts, request, { definition, version: version.name, subresource, manager });
}

/** Who applies what is not there makes it, and needs the right to do so. */
function forbiddenCreate(
  { store, authorizer }: ObjectParts,
  { caller }: Exchange,
  request: StoreRequest,
): Status | undefined {
  if (request.verb !== 'patch' || request.patch !== 'apply') return undefined;
  const { resource, namespace, name } = request;
  if (readOne(store, resource, { namespace, name }) !== undefined) return undefined;
  const { group, version, plural } = resource;
  const base = { kind: 'resource', verb: 'create', group, version, resource: plural } as const;
  return forbiddenTo(authorizer, caller, { ...base, subresource: '', namespace, name });
}

/** Every answer in a deprecated version says so. */
function deprecationOf({ definition, version }: Shown): readonly string[] {
  if (version.deprecated !== true) return [];
  const { group, kind } = definition;
  return [version.deprecationWarning ?? `${group}/${version.name} ${kind} is deprecated`];
}

/** A Status as an answer, ours or the store's. */
export function refusal(status: { readonly code: number }): Reply {
  return objectReply(status, status.code);
}

/** Tables and metadata alone are for reading; of a write the whole object is answered. */
export function pickShape(exchange: Exchange): Shape | undefined {
  const shapes = shapesOf(exchange.request.headers.accept);
  return shapes.find((shape) => shape.kind !== 'aggregated-discovery');
}

function isInScope(
  { definition }: Omit<Shown, 'subresource'>,
  target: ObjectTarget,
  method: string,
): boolean {
  if (!definition.namespaced) return target.namespace === undefined;
  if (target.namespace !== undefined) return true;
  // Over all namespaces one can only look.
  return target.name === undefined && (method === 'GET' || method === 'HEAD');
}

function subresourceOf(found: Shown, name: string | undefined): Shown | undefined {
  if (name === undefined) return found;
  const exists =
    (name === 'status' && found.version.status) || (name === 'scale' && found.version.scale);
  return exists ? { ...found, subresource: name } : undefined;
}

/** A custom resource's handler takes an unknown subresource for an object that is not there. */
function unknownSubresource({ definition }: Shown, { name }: ObjectTarget): Reply {
  if (!definition.custom || name === undefined) return pathNotFound();
  const message = `${qualifiedResource(definition)} ${JSON.stringify(name)} not found`;
  return refusal(failure(404, message, resourceDetails(definition, name)));
}

type VerbChoice =
  | { readonly kind: 'verb'; readonly verb: Verb }
  | { readonly kind: 'watch' }
  | { readonly kind: 'refused'; readonly status: (shown: Shown) => Status };

function verbOf({ method, query }: Exchange, target: ObjectTarget): VerbChoice {
  const one = target.name !== undefined;
  const sub = target.subresource !== undefined;
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (one) return { kind: 'verb', verb: 'get' };
      return target.watch || isSet(query, 'watch')
        ? { kind: 'watch' }
        : { kind: 'verb', verb: 'list' };
    case 'POST':
      return sub ? notSupported('create') : { kind: 'verb', verb: 'create' };
    case 'PUT':
      return one ? { kind: 'verb', verb: 'update' } : nameMissing();
    case 'PATCH':
      return one ? { kind: 'verb', verb: 'patch' } : nameMissing();
    case 'DELETE':
      if (sub) return notSupported('delete');
      return { kind: 'verb', verb: one ? 'delete' : 'deletecollection' };
    default:
      return notSupported('');
  }
}

function nameMissing(): VerbChoice {
  return { kind: 'refused', status: () => failure(400, 'name must be provided') };
}

function notSupported(verb: string): VerbChoice {
  return {
    kind: 'refused',
    status: ({ definition }) => {
      const resource = JSON.stringify(qualifiedResource(definition));
      const message = `${verb} is not supported on resources of kind ${resource}`;
      return failure(405, message, resourceDetails(definition));
    },
  };
}

/** What the store answered, for callers that need no shape. */
export function plainReply({ code, body, warnings = [] }: StoreAnswer): Reply {
  return { code, content: { kind: 'object', value: body }, warnings };
}
