import type { Store } from '../store/types.ts';
import type { AggregatedApi } from './aggregated.ts';
import {
  aggregatedDiscovery,
  coreVersions,
  groupDocument,
  groupList,
  resourceList,
} from './discovery.ts';
import type { Exchange } from './exchange.ts';
import { servedGroups } from './group-versions.ts';
import type { ServedGroup } from './group-versions.ts';
import { acceptedTypes, shapesOf } from './media-types.ts';
import { hashOf, openapiDocuments, openapiIndex, openapiUrl } from './openapi.ts';
import { objectReply, pathNotFound } from './reply.ts';
import type { Reply } from './reply.ts';
import { failure } from './status.ts';

export type DiscoveryParts = {
  readonly store: Store;
  readonly serverAddress: () => string;
  readonly aggregated: readonly AggregatedApi[];
};

function allGroups({ store, aggregated }: DiscoveryParts): readonly ServedGroup[] {
  return servedGroups([
    ...store.definitions(),
    ...aggregated.flatMap(({ definitions }) => definitions),
  ]);
}

/** `/api` (`core`) or `/apis`: the old document, or the aggregated one for who prefers it. */
export function answerRoot(parts: DiscoveryParts, exchange: Exchange, core: boolean): Reply {
  const groups = allGroups(parts);
  const shapes = shapesOf(exchange.request.headers.accept);
  const shape = shapes.find(({ kind }) => kind === 'plain' || kind === 'aggregated-discovery');
  if (shape === undefined) return objectReply(failure(406, acceptedTypes), 406);
  if (shape.kind === 'aggregated-discovery') {
    return answerAggregated(
      exchange,
      groups.filter((group) => (group.name === '') === core),
    );
  }
  return objectReply(core ? coreVersions(parts.serverAddress()) : groupList(groups));
}

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

function answerAggregated(exchange: Exchange, groups: readonly ServedGroup[]): Reply {
  const document = aggregatedDiscovery(groups);
  const etag = `"${hashOf(JSON.stringify(document))}"`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'public' };
  return withTag(exchange, {
    ...objectReply(document),
    headers: { ...headers, 'content-type': aggregatedType },
  });
}

/** Says 304 to a client that has this very document already. */
function withTag({ request }: Exchange, reply: Reply): Reply {
  const { 'content-type': _, ...headers } = reply.headers ?? {};
  if (headers['etag'] === undefined || request.headers['if-none-match'] !== headers['etag']) {
    return reply;
  }
  return { code: 304, content: { kind: 'nothing' }, headers };
}

export function answerGroup(parts: DiscoveryParts, name: string): Reply {
  const group = allGroups(parts).find((candidate) => candidate.name === name);
  return group === undefined || name === '' ? pathNotFound() : objectReply(groupDocument(group));
}

export function answerResources(
  parts: DiscoveryParts,
  { group, version }: { readonly group: string; readonly version: string },
): Reply {
  const found = allGroups(parts)
    .find(({ name }) => name === group)
    ?.versions.find(({ name }) => name === version);
  if (found === undefined) return pathNotFound();
  return objectReply(resourceList(group === '' ? version : `${group}/${version}`, found.resources));
}

export function answerOpenapiIndex(parts: DiscoveryParts, exchange: Exchange): Reply {
  const documents = openapiDocuments(allGroups(parts));
  const index = openapiIndex(documents);
  const headers = { etag: `"${hashOf(JSON.stringify(index))}"`, vary: 'Accept' };
  return withTag(exchange, { ...objectReply(index), headers });
}

/** One document; asked for by the hash of another state, the client is sent to the present one. */
export function answerOpenapi(parts: DiscoveryParts, exchange: Exchange, path: string): Reply {
  const documents = openapiDocuments(allGroups(parts));
  const document = documents.find((candidate) => candidate.path === path);
  if (document === undefined) return pathNotFound();
  if (!shapesOf(exchange.request.headers.accept).some(({ kind }) => kind === 'plain')) {
    return objectReply(failure(406, acceptedTypes), 406);
  }
  const tag = { etag: `"${document.hash}"`, vary: 'Accept' };
  const hash = exchange.query.get('hash');
  if (hash !== null && hash !== '' && hash !== document.hash) {
    return {
      code: 301,
      content: { kind: 'nothing' },
      headers: { ...tag, location: openapiUrl(document) },
    };
  }
  const cache = hash === null ? {} : { 'cache-control': 'public, immutable' };
  return withTag(exchange, { ...objectReply(document.body()), headers: { ...tag, ...cache } });
}
