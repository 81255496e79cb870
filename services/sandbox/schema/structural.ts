import { isRecord } from '#shared/lib/canonical.ts';

/** An `openAPIV3Schema`, or a part of one, as it stands in a CustomResourceDefinition. */
export type Schema = Readonly<Record<string, unknown>>;

/** What pruning and defaulting need to know of a schema; made once, walked for every object. */
export type Structure = {
  readonly properties: ReadonlyMap<string, Structure>;
  /** The schema of the values of a map; 'any' where `additionalProperties: true`. */
  readonly values: Structure | 'any' | undefined;
  readonly items: Structure | undefined;
  /** Fields that the schema does not name are kept. Nested fields which it names are pruned again. */
  readonly open: boolean;
  readonly nullable: boolean;
  /** A whole Kubernetes object: apiVersion, kind and metadata are known without being named. */
  readonly embedded: boolean;
  /** Absent when there is none; a default is never undefined. */
  readonly fallback?: unknown;
};

export function structureOf(schema: Schema): Structure {
  const { items, additionalProperties: values } = schema;
  return {
    properties: new Map(propertiesOf(schema).map(([name, part]) => [name, structureOf(part)])),
    values: values === true ? 'any' : isRecord(values) ? structureOf(values) : undefined,
    items: isRecord(items) ? structureOf(items) : undefined,
    open: schema['x-kubernetes-preserve-unknown-fields'] === true,
    nullable: schema['nullable'] === true,
    embedded: schema['x-kubernetes-embedded-resource'] === true,
    ...('default' in schema && { fallback: schema['default'] }),
  };
}

/** The named properties of a schema; what is not a schema is left out. */
export function propertiesOf(schema: Schema): readonly (readonly [string, Schema])[] {
  const { properties } = schema;
  if (!isRecord(properties)) return [];
  return Object.entries(properties).flatMap(([name, part]) =>
    isRecord(part) ? [[name, part] as const] : [],
  );
}
