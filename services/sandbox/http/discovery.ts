import { createHash } from 'node:crypto';

import type { ResourceDefinition } from '../store/types.ts';
import type { ServedGroup, ServedResource } from './group-versions.ts';

/** `/api`: the versions of the core group. */
export function coreVersions(serverAddress: string): unknown {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/apis`: all groups but the core one. */
export function groupList(groups: readonly ServedGroup[]): unknown {
  const named = groups.filter((group) => group.name !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map((group) => bareGroup(group)) };
}

/** `/apis/<group>`. */
export function groupDocument(group: ServedGroup): unknown {
  return { kind: 'APIGroup', apiVersion: 'v1', ...bareGroup(group) };
}

function bareGroup({ name, versions }: ServedGroup): Readonly<Record<string, unknown>> {
  const entries = versions.map((version) => ({
    groupVersion: `${name}/${version.name}`,
    version: version.name,
  }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** `/api/v1` and `/apis/<group>/<version>`. */
export function resourceList(groupVersion: string, resources: readonly ServedResource[]): unknown {
  return {
    kind: 'APIResourceList',
    ...(groupVersion.includes('/') ? { apiVersion: 'v1' } : {}),
    groupVersion,
    resources: resources.flatMap((resource) => resourceEntries(resource)),
  };
}

function resourceEntries(resource: ServedResource): readonly unknown[] {
  const { definition } = resource;
  const { plural, singular, namespaced, kind } = definition;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: verbsOf(definition),
    ...namesOf(definition),
    ...(definition.verbs === undefined && { storageVersionHash: storageVersionHash(definition) }),
  };
  const others = subresourcesOf(resource).map((sub) => ({
    name: `${plural}/${sub.name}`,
    singularName: '',
    namespaced,
    ...(sub.scale ? { group: 'autoscaling', version: 'v1' } : {}),
    kind: sub.scale ? 'Scale' : kind,
    verbs: sub.verbs,
  }));
  return [main, ...others];
}

/** `/api` and `/apis` in one document each, which clients since 1.26 ask for. */
export function aggregatedDiscovery(groups: readonly ServedGroup[]): unknown {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: group.name === '' ? {} : { name: group.name },
      versions: group.versions.map((version) => ({
        version: version.name,
        resources: version.resources.map((resource) => aggregatedResource(resource)),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedResource(resource: ServedResource): unknown {
  const { definition, version } = resource;
  const { group, kind } = definition;
  // A built-in kind leaves its own group and version empty, a custom one repeats them.
  const responseKind = definition.custom
    ? { group, version: version.name, kind }
    : { group: '', version: '', kind };
  const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  const subresources = subresourcesOf(resource).map((sub) => ({
    subresource: sub.name,
    responseKind: sub.scale ? scaleKind : responseKind,
    verbs: sub.verbs,
  }));
  return {
    resource: definition.plural,
    responseKind,
    scope: definition.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: definition.singular,
    verbs: verbsOf(definition),
    ...namesOf(definition),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

const builtinVerbs = 'create delete deletecollection get list patch update watch'.split(' ');
const customVerbs = 'delete deletecollection get list patch create update watch'.split(' ');
const subresourceVerbs = ['get', 'patch', 'update'];

/** A custom resource lists its verbs in another order, and namespaces go one by one. */
function verbsOf({ custom, group, plural, verbs }: ResourceDefinition): readonly string[] {
  if (verbs !== undefined) return verbs;
  if (custom) return customVerbs;
  const oneByOne = group === '' && plural === 'namespaces';
  return oneByOne ? builtinVerbs.filter((verb) => verb !== 'deletecollection') : builtinVerbs;
}

function namesOf({
  shortNames,
  categories,
}: ResourceDefinition): Readonly<Record<string, unknown>> {
  return {
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
}

type Subresource = {
  readonly name: string;
  readonly verbs: readonly string[];
  readonly scale: boolean;
};

function subresourcesOf({ version }: ServedResource): readonly Subresource[] {
  const status = { name: 'status', verbs: subresourceVerbs, scale: false };
  const scale = { name: 'scale', verbs: subresourceVerbs, scale: true };
  return [...(version.status ? [status] : []), ...(version.scale === undefined ? [] : [scale])];
}

/** Tells clients when the stored form of a resource changes; made as apimachinery makes it. */
function storageVersionHash(definition: ResourceDefinition): string {
  const storage = definition.versions.find((version) => version.storage)?.name ?? '';
  const text = `${definition.group}/${storage}/${definition.kind}`;
  return createHash('sha256').update(text).digest().subarray(0, 8).toString('base64');
}
