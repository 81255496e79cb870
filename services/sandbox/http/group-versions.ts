import { compareText } from '#shared/lib/order.ts';
import type { ResourceDefinition, ResourceVersionDefinition } from '../store/types.ts';

/** One resource in one version that is served. */
export type ServedResource = {
  readonly definition: ResourceDefinition;
  readonly version: ResourceVersionDefinition;
};

export type ServedGroup = {
  readonly name: string;
  /** The preferred one first. */
  readonly versions: readonly ServedVersion[];
};

export type ServedVersion = {
  readonly name: string;
  readonly resources: readonly ServedResource[];
};

/** All that is served, by group and version; groups by name, the core group (`''`) first. */
export function servedGroups(definitions: readonly ResourceDefinition[]): readonly ServedGroup[] {
  const served = definitions.flatMap((definition) =>
    definition.versions
      .filter((version) => version.served)
      .map((version): ServedResource => ({ definition, version })),
  );
  const groups = Map.groupBy(served, ({ definition }) => definition.group);
  return [...groups]
    .toSorted(([left], [right]) => compareText(left, right))
    .map(([name, resources]) => ({ name, versions: versionsOf(resources) }));
}

function versionsOf(resources: readonly ServedResource[]): readonly ServedVersion[] {
  const byVersion = Map.groupBy(resources, ({ version }) => version.name);
  return [...byVersion]
    .toSorted(([left], [right]) => compareVersions(left, right))
    .map(([name, some]) => ({
      name,
      resources: some.toSorted((a, b) => compareText(a.definition.plural, b.definition.plural)),
    }));
}

const stages = ['', 'beta', 'alpha'];

/** Kubernetes' order of versions: released before beta before alpha, higher numbers first. */
function compareVersions(left: string, right: string): number {
  const [one, other] = [left, right].map((text) => /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text));
  if (!one || !other) return compareText(left, right);
  const byStage = stages.indexOf(one[2] ?? '') - stages.indexOf(other[2] ?? '');
  if (byStage !== 0) return byStage;
  return Number(other[1]) - Number(one[1]) || Number(other[3] ?? 0) - Number(one[3] ?? 0);
}
