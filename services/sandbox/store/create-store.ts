import { applyObject } from './apply.ts';
import { createObject } from './create.ts';
import { openCore } from './core.ts';
import type { Core, StoreParts } from './core.ts';
import { deleteCollection, deleteObject } from './delete.ts';
import { startEventExpiry } from './event-expiry.ts';
import { failed, noSuchResource, notFound } from './failures.ts';
import { startGarbageCollector } from './garbage-collector.ts';
import { listObjects } from './list.ts';
import { startNamespaces } from './namespaces.ts';
import { patchObject } from './patch.ts';
import { apiVersionOf, groupOf, inApiVersion } from './registry.ts';
import { readScale, writeScale } from './scale.ts';
import type { Store, StoreAnswer, StoreRequest } from './types.ts';
import { updateObject } from './update.ts';

/**
 * The objects of a simulated cluster, and Kubernetes' rules for them. It is synchronous and
 * deterministic: the same parts and the same requests give the same answers and changes. What it
 * answers with is shared with what it keeps, so nobody may change it.
 */
export function createStore(parts: StoreParts): Store {
  const core = openCore(parts);
  const handle = (request: StoreRequest): StoreAnswer => answer(core, request);
  startNamespaces({ core, handle });
  startGarbageCollector({ core, handle });
  startEventExpiry(core);
  return {
    handle,
    get resourceVersion() {
      return core.resourceVersion;
    },
    get oldestVersion() {
      return core.history.oldestVersion;
    },
    changesSince: (version) => core.history.since(version),
    subscribe: (listener) => core.subscribe(listener),
    resolve: (path) => core.registry.resolve(path),
    definitions: () => core.registry.list(),
    inVersion: (object, version) =>
      inApiVersion(object, apiVersionOf(groupOf(object.apiVersion), version)),
    dump: () => core.everything('').map(({ object }) => object),
  };
}

function answer(core: Core, request: StoreRequest): StoreAnswer {
  switch (request.verb) {
    case 'get':
      return getObject(core, request);
    case 'list':
      return listObjects(core, request);
    case 'create':
      return createObject(core, request);
    case 'update':
      return request.subresource === 'scale'
        ? writeScale(core, request)
        : updateObject(core, request);
    case 'patch':
      return request.subresource === 'scale'
        ? writeScale(core, request)
        : request.patch === 'apply'
          ? applyObject(core, request)
          : patchObject(core, request);
    case 'delete':
      return deleteObject(core, request);
    case 'deletecollection':
      return deleteCollection(core, request);
  }
}

function getObject(core: Core, request: Extract<StoreRequest, { verb: 'get' }>): StoreAnswer {
  const served = core.registry.resolve(request.resource);
  if (served === undefined) return failed(noSuchResource());
  const { definition, version } = served;
  const object = core.get(definition, request.namespace, request.name);
  if (object === undefined) return failed(notFound(definition, request.name));
  if (request.subresource === 'scale') return readScale(served, object);
  return { code: 200, body: inApiVersion(object, apiVersionOf(definition.group, version.name)) };
}
