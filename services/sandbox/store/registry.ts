import { autoscalerInVersion, isAutoscaler } from './autoscaler-versions.ts';
import type {
  KubeObject,
  ResourceDefinition,
  ResourcePath,
  ResourceVersionDefinition,
} from './types.ts';

export type Served = {
  readonly definition: ResourceDefinition;
  readonly version: ResourceVersionDefinition;
};

/** All resources that the store knows: the built-in ones and those of CustomResourceDefinitions. */
export interface Registry {
  /** The resource and version at a path, when it is served. */
  resolve(path: ResourcePath): Served | undefined;
  ofKind(group: string, kind: string): ResourceDefinition | undefined;
  list(): readonly ResourceDefinition[];
  put(definition: ResourceDefinition): void;
  remove(definition: ResourceDefinition): void;
}

export function openRegistry(builtins: readonly ResourceDefinition[]): Registry {
  const byResource = new Map<string, ResourceDefinition>();
  const byKind = new Map<string, ResourceDefinition>();
  let served = new Map<string, Served>();
  let all: readonly ResourceDefinition[] = [];

  const index = (): void => {
    all = [...byResource.values()];
    served = new Map(all.flatMap((definition) => servedOf(definition)));
  };
  const put = (definition: ResourceDefinition): void => {
    byResource.set(resourceKey(definition), definition);
    byKind.set(kindKey(definition.group, definition.kind), definition);
  };
  builtins.forEach(put);
  index();

  return {
    resolve: ({ group, version, plural }) => served.get(`${group}/${version}/${plural}`),
    ofKind: (group, kind) => byKind.get(kindKey(group, kind)),
    list: () => all,
    put(definition) {
      put(definition);
      index();
    },
    remove(definition) {
      byResource.delete(resourceKey(definition));
      byKind.delete(kindKey(definition.group, definition.kind));
      index();
    },
  };
}

function servedOf(definition: ResourceDefinition): readonly [string, Served][] {
  const { group, plural } = definition;
  return definition.versions
    .filter((version) => version.served)
    .map((version) => [`${group}/${version.name}/${plural}`, { definition, version }]);
}

/** The key of a resource whatever its version: `kubevirt.io/virtualmachines`. */
export function resourceKey({
  group,
  plural,
}: Pick<ResourceDefinition, 'group' | 'plural'>): string {
  return `${group}/${plural}`;
}

function kindKey(group: string, kind: string): string {
  return `${group}/${kind}`;
}

export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}

/** The version that objects are kept in. */
export function storageVersionOf(definition: ResourceDefinition): string {
  const version = definition.versions.find(({ storage }) => storage) ?? definition.versions[0];
  return apiVersionOf(definition.group, version?.name ?? '');
}

export function inStorageVersion(definition: ResourceDefinition, object: KubeObject): KubeObject {
  return inApiVersion(object, storageVersionOf(definition));
}

/** Kinds whose metadata.generation counts the changes of the wanted state. */
export function countsGenerations({ custom, generation }: ResourceDefinition): boolean {
  return custom || generation === true;
}

export function isCrd({ group, plural }: ResourceDefinition): boolean {
  return group === 'apiextensions.k8s.io' && plural === 'customresourcedefinitions';
}

/**
 * The object as another version of its kind tells it; conversion None changes the apiVersion only, which
 * is all that any kind but the autoscaler needs.
 */
export function inApiVersion(object: KubeObject, apiVersion: string): KubeObject {
  if (isAutoscaler(object)) return autoscalerInVersion(object, apiVersion);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}
