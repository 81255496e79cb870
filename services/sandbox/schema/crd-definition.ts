import { isRecord } from '#shared/lib/canonical.ts';
import { compileRules } from './rules.ts';
import type {
  PrinterColumn,
  ResourceDefinition,
  ResourceVersionDefinition,
} from '../store/types.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The resource that a CustomResourceDefinition describes. Throws where the definition lacks what its own
 * schema requires; the store validates that first.
 */
export function definitionOfCrd(crd: Fields): ResourceDefinition {
  const spec = recordIn(crd, 'spec');
  const names = recordIn(spec, 'names');
  const kind = textIn(names, 'kind');
  return {
    group: textIn(spec, 'group'),
    versions: listIn(spec, 'versions').filter(isRecord).map(versionOf),
    kind,
    listKind: optionalText(names, 'listKind') ?? `${kind}List`,
    plural: textIn(names, 'plural'),
    singular: optionalText(names, 'singular') ?? kind.toLowerCase(),
    shortNames: textsIn(names, 'shortNames'),
    categories: textsIn(names, 'categories'),
    namespaced: textIn(spec, 'scope') === 'Namespaced',
    custom: true,
  };
}

function versionOf(version: Fields): ResourceVersionDefinition {
  const subresources = isRecord(version['subresources']) ? version['subresources'] : {};
  const schema = isRecord(version['schema']) ? version['schema']['openAPIV3Schema'] : undefined;
  const warning = optionalText(version, 'deprecationWarning');
  return {
    name: textIn(version, 'name'),
    served: version['served'] === true,
    storage: version['storage'] === true,
    ...(version['deprecated'] === true && { deprecated: true }),
    ...(warning !== undefined && { deprecationWarning: warning }),
    ...(isRecord(schema) && { schema: withWholeRules(schema) }),
    status: isRecord(subresources['status']),
    ...(isRecord(subresources['scale']) && { scale: scaleOf(subresources['scale']) }),
    columns: columnsOf(version),
  };
}

/** A rule that is no expression is found when the definition is made, not when it is first asked. */
function withWholeRules(schema: Fields): Fields {
  compileRules(schema);
  return schema;
}

function scaleOf(scale: Fields): NonNullable<ResourceVersionDefinition['scale']> {
  const labelSelectorPath = optionalText(scale, 'labelSelectorPath');
  return {
    specReplicasPath: textIn(scale, 'specReplicasPath'),
    statusReplicasPath: textIn(scale, 'statusReplicasPath'),
    ...(labelSelectorPath !== undefined && { labelSelectorPath }),
  };
}

/** A version that names no column shows its age. */
const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: 'Time since the object was created.',
  jsonPath: '.metadata.creationTimestamp',
};

function columnsOf(version: Fields): readonly PrinterColumn[] {
  const columns = listIn(version, 'additionalPrinterColumns').filter(isRecord).map(columnOf);
  return columns.length > 0 ? columns : [age];
}

function columnOf(column: Fields): PrinterColumn {
  const format = optionalText(column, 'format');
  const description = optionalText(column, 'description');
  const { priority } = column;
  return {
    name: textIn(column, 'name'),
    type: textIn(column, 'type'),
    ...(format !== undefined && { format }),
    ...(description !== undefined && { description }),
    ...(typeof priority === 'number' && { priority }),
    jsonPath: textIn(column, 'jsonPath'),
  };
}

function recordIn(fields: Fields, name: string): Fields {
  const value = fields[name];
  if (!isRecord(value)) throw new Error(`CustomResourceDefinition: ${name} is missing`);
  return value;
}

function textIn(fields: Fields, name: string): string {
  const value = optionalText(fields, name);
  if (value === undefined) throw new Error(`CustomResourceDefinition: ${name} is missing`);
  return value;
}

function optionalText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

function listIn(fields: Fields, name: string): readonly unknown[] {
  const value: unknown = fields[name];
  return Array.isArray(value) ? value : [];
}

function textsIn(fields: Fields, name: string): readonly string[] {
  return listIn(fields, name).filter((value) => typeof value === 'string');
}
