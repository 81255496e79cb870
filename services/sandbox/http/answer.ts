import type { IncomingMessage, ServerResponse } from 'node:http';

import { unauthorized } from './authenticate.ts';
import type { Identity } from './authenticate.ts';
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
  DiscoveryParts & { readonly identify: (request: IncomingMessage) => Identity };

/** The answer to any request; undefined where a watch has taken the response over. */
export async function answer(
  parts: AnswerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | undefined> {
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  const target = parsePath(path);
  const identity = parts.identify(request);
  switch (identity.kind) {
    case 'refused':
      return refusal(identity.status);
    case 'anonymous':
      return isPublic(target) ? answerPublic(target) : refusal(unauthorized());
    case 'known': {
      const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
      const method = request.method ?? 'GET';
      const exchange = { request, response, method, path, query, caller: identity.caller };
      return answerTarget(parts, exchange, target);
    }
  }
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
    case 'objects':
      return answerObjects(parts, exchange, target);
    case 'unknown':
      return pathNotFound();
  }
}
