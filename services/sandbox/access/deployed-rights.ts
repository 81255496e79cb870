import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isRecord } from '#shared/lib/canonical.ts';
import { loadCrds } from '../schema/load-crds.ts';
import type { Caller, Store } from '../store/types.ts';

const deploy = fileURLToPath(new URL('../../../deploy/', import.meta.url));
const installer: Caller = { user: 'system:sandbox', groups: ['system:masters'] };
const namespace = 'rollcall-system';

/** Kinds of the manifests that grant something, with where they are served. */
const granting: Readonly<Record<string, Place>> = {
  Namespace: { group: '', version: 'v1', plural: 'namespaces', namespaced: false },
  ServiceAccount: { group: '', version: 'v1', plural: 'serviceaccounts', namespaced: true },
  ClusterRole: access('clusterroles'),
  ClusterRoleBinding: access('clusterrolebindings'),
};

type Place = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
};

function access(plural: string): Place {
  return { group: 'rbac.authorization.k8s.io', version: 'v1', plural, namespaced: false };
}

/**
 * Gives the services what the overlay `hand-over` and the webhook give them on a real cluster, so that a
 * right which is missing there is missing here first. What an earlier start has granted is brought up to
 * date.
 */
export function grantDeployedRights(store: Store): void {
  for (const object of manifests()) grant(store, object);
}

type Manifest = Readonly<Record<string, unknown>> & {
  readonly metadata: Readonly<Record<string, unknown>>;
};

function manifests(): readonly Manifest[] {
  return ['base', 'overlays/hand-over', 'components/webhook']
    .flatMap((folder) => loadCrds(join(deploy, folder)))
    .filter((object): object is Manifest => isRecord(object) && isRecord(object['metadata']))
    .filter(({ kind }) => granting[String(kind)] !== undefined);
}

function grant(store: Store, object: Manifest): void {
  const place = granting[String(object['kind'])];
  if (place === undefined) return;
  const { namespaced, ...resource } = place;
  const name = String(object.metadata['name']);
  const at = { resource, namespace: namespaced ? namespace : '', caller: installer };
  const known = store.handle({ ...at, verb: 'get', name });
  const metadata =
    isRecord(known.body) && isRecord(known.body['metadata']) && known.body['metadata'];
  const { resourceVersion } = metadata || {};
  const body = { ...object, metadata: { ...object.metadata, resourceVersion } };
  const write = { ...at, fieldManager: 'rollcall-sandbox' };
  const done =
    known.code === 200
      ? store.handle({ ...write, verb: 'update', name, body })
      : store.handle({ ...write, verb: 'create', body: object });
  if (done.code < 300) return;
  throw new Error(`granting ${name}: ${JSON.stringify(done.body)}`);
}
