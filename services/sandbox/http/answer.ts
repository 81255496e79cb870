import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Authorizer } from '../access/authorizer.ts';
import type { Caller } from '../store/types.ts';
import { answerAccountToken, isAccountToken } from './account-token.ts';
import type { TokenParts } from './account-token.ts';
import { aggregatedApi, answerAggregatedObjects } from './aggregated.ts';
import type { AggregatedApi } from './aggregated.ts';
import { anonymous, unauthorized } from './authenticate.ts';
import type { Identity } from './authenticate.ts';
import type { Audit, AuditedRequest, AuditTrail } from './audit-trail.ts';
import { attributesOf, refusalBy } from './authorize.ts';
import {
  answerGroup,
  answerOpenapi,
  answerOpenapiIndex,
  answerResources,
  answerRoot,
} from './discovery-answers.ts';
import type { DiscoveryParts } from './discovery-answers.ts';
import type { Exchange } from './exchange.ts';
import { answerObjects, refusal } from './objects.ts';
import type { ObjectParts } from './objects.ts';
import { parsePath } from './paths.ts';
import type { Target } from './paths.ts';
import { objectReply, pathNotFound, textReply } from './reply.ts';
import type { Reply } from './reply.ts';
import { versionDocument } from './version.ts';

export type AnswerParts = ObjectParts &
  DiscoveryParts &
  TokenParts & {
    readonly identify: (request: IncomingMessage) => Identity;
    readonly authorizer: Authorizer;
    /** Whether someone without any proof is a user like others, with few rights. */
    readonly admitsAnonymous: boolean;
    readonly aggregated: readonly AggregatedApi[];
    readonly audit?: Audit | undefined;
  };

/** The answer to any request; undefined where a watch has taken the response over. */
export async function answer(
  parts: AnswerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | undefined> {
  const auditId = randomUUID();
  response.setHeader('audit-id', auditId);
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  const target = parsePath(path);
  const identity = parts.identify(request);
  if (identity.kind === 'refused') return refusal(identity.status);
  if (identity.kind === 'anonymous' && !parts.admitsAnonymous) {
    return isPublic(target) ? answerPublic(target) : refusal(unauthorized());
  }
  const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  const method = request.method ?? 'GET';
  const known = identity.kind === 'known' ? identity : { caller: anonymous };
  const exchange = { request, response, method, path, query, caller: known.caller };
  const attributes = attributesOf(exchange, target);
  const verdict = parts.authorizer.authorize(known.caller, attributes);
  const trail = parts.audit?.(
    auditedOf(parts, exchange, { auditId, attributes, verdict, ...known }),
  );
  const refused = refusalBy(verdict, known.caller, attributes);
  const reply =
    refused === undefined
      ? await answerTarget(parts, { ...exchange, trail }, target)
      : refusal(refused);
  if (trail !== undefined) tell(trail, response, reply);
  return reply;
}

type Known = Pick<AuditedRequest, 'auditId' | 'attributes' | 'verdict'> & {
  readonly caller: Caller;
  readonly impersonator?: Caller;
};

function auditedOf(
  { now }: AnswerParts,
  exchange: Exchange,
  { caller, impersonator, ...known }: Known,
): AuditedRequest {
  const { request } = exchange;
  return {
    ...known,
    receivedMs: now(),
    uri: request.url ?? '/',
    userAgent: request.headers['user-agent'] ?? '',
    sourceIp: request.socket.remoteAddress ?? '',
    user: impersonator ?? caller,
    ...(impersonator && { impersonated: caller }),
  };
}

/** A watch has sent its headers already and goes on until its connection is closed. */
function tell(trail: AuditTrail, response: ServerResponse, reply: Reply | undefined): void {
  if (reply === undefined) {
    trail.started(response.statusCode);
    response.on('close', () => trail.completed(response.statusCode));
    return;
  }
  const { code, content } = reply;
  if (content.kind === 'object') trail.completed(code, content.value);
  else trail.completed(code);
}

type PublicTarget = Extract<Target, { kind: 'version' | 'health' }>;

/** What a real cluster also tells to anybody, so that probes need no token. */
function isPublic(target: Target): target is PublicTarget {
  return target.kind === 'version' || target.kind === 'health';
}

function answerPublic(target: PublicTarget): Reply {
  return target.kind === 'version' ? objectReply(versionDocument) : textReply(200, 'ok');
}

async function answerTarget(
  parts: AnswerParts,
  exchange: Exchange,
  target: Target,
): Promise<Reply | undefined> {
  switch (target.kind) {
    case 'version':
    case 'health':
      return answerPublic(target);
    case 'core-versions':
      return answerRoot(parts, exchange, true);
    case 'groups':
      return answerRoot(parts, exchange, false);
    case 'group':
      return answerGroup(parts, target.group);
    case 'resources':
      return answerResources(parts, target);
    case 'openapi-index':
      return answerOpenapiIndex(parts, exchange);
    case 'openapi':
      return answerOpenapi(parts, exchange, target.path);
    case 'objects': {
      const api = aggregatedApi(parts.aggregated, target);
      if (api !== undefined) return answerAggregatedObjects(api, exchange, target);
      if (isAccountToken(target)) return answerAccountToken(parts, exchange, target);
      return answerObjects(parts, exchange, target);
    }
    case 'unknown':
      return pathNotFound();
  }
}
