import { isRecord } from '#shared/lib/canonical.ts';
import type { ResourceDefinition, ResourceVersionDefinition } from '../store/types.ts';
import { builtinColumns, scaleColumns } from './builtin-columns.ts';
import { declaredColumns } from './columns.ts';
import type { Column } from './columns.ts';

/** What stands beside the cells of each row. */
export type IncludeObject = 'Metadata' | 'Object' | 'None';

/** The resource whose objects are shown, in the version that was asked for. */
export type Shown = {
  readonly definition: ResourceDefinition;
  readonly version: ResourceVersionDefinition;
  readonly subresource?: string;
};

const remembered = new WeakMap<ResourceVersionDefinition, readonly Column[]>();

function columnsOf({ definition, version, subresource }: Shown): readonly Column[] {
  if (subresource === 'scale') return scaleColumns;
  const known = remembered.get(version);
  if (known !== undefined) return known;
  const columns = definition.custom
    ? declaredColumns(version.columns)
    : builtinColumns(definition.group, definition.plural);
  remembered.set(version, columns);
  return columns;
}

export type TableOptions = {
  readonly include: IncludeObject;
  readonly nowMs: number;
  /** A watch declares the columns in its first event only. */
  readonly declared?: boolean;
};

/** An object or a list as a meta.k8s.io/v1 Table. */
export function tableOf(shown: Shown, body: unknown, options: TableOptions): unknown {
  const columns = columnsOf(shown);
  const record = isRecord(body) ? body : {};
  const items = record['items'];
  const objects: readonly unknown[] = Array.isArray(items) ? items : [body];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta(record['metadata']),
    columnDefinitions:
      options.declared === false ? null : columns.map(({ declaration }) => declaration),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, options.nowMs)),
      object: besideCells(shown, object, options.include),
    })),
  };
}

/** The bookmark of a Table watch: one row of an object that is nothing but a resourceVersion. */
export function tableBookmark(shown: Shown, metadata: unknown, options: TableOptions): unknown {
  const columns = columnsOf(shown);
  const cells = columns.map(({ declaration }) => (declaration.format === 'name' ? '' : null));
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta(metadata),
    columnDefinitions:
      options.declared === false ? null : columns.map(({ declaration }) => declaration),
    rows: [{ cells, object: partialOf({ metadata }) }],
  };
}

/** Of a list's metadata the fields that say something; of an object's only its version. */
function listMeta(metadata: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(metadata)) return {};
  const { resourceVersion, continue: more, remainingItemCount } = metadata;
  return {
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(more === undefined || more === '' ? {} : { continue: more }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
}

function besideCells(shown: Shown, object: unknown, include: IncludeObject): unknown {
  switch (include) {
    case 'None':
      return null;
    case 'Object':
      return namedByKind(shown, object);
    case 'Metadata':
      return partialOf(object);
  }
}

/** In a list of a built-in kind the items do not say what they are; beside cells each one does. */
function namedByKind({ definition, version }: Shown, object: unknown): unknown {
  const { group, kind } = definition;
  const apiVersion = group === '' ? version.name : `${group}/${version.name}`;
  return isRecord(object) ? { kind, apiVersion, ...object } : object;
}

/** An object's metadata alone. */
export function partialOf(object: unknown): unknown {
  const metadata = isRecord(object) ? object['metadata'] : {};
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

export function partialListOf(list: unknown): unknown {
  const record = isRecord(list) ? list : {};
  const items = record['items'];
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta(record['metadata']),
    // An empty list of this one kind is null on the wire.
    items: Array.isArray(items) && items.length > 0 ? items.map((item) => partialOf(item)) : null,
  };
}
