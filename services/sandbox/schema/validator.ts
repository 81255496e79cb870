import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

import { isRecord } from '#shared/lib/canonical.ts';
import { propertiesOf, type Schema } from './structural.ts';

export type Validate = (object: unknown) => readonly ErrorObject[];

const ajv = new Ajv({
  strict: false,
  allErrors: true,
  verbose: true,
  logger: false,
  addUsedSchema: false,
  // Go's expressions escape characters which the strict Unicode mode of JavaScript refuses.
  unicodeRegExp: false,
  formats: {
    int32: { type: 'number', validate: isInt32 },
    'date-time': { type: 'string', validate: isDateTime },
  },
});

/** Compiles the schema of a whole resource; apiVersion, kind and metadata are not its concern. */
export function compileValidator(schema: Schema): Validate {
  const validate: ValidateFunction = ajv.compile(translate(withoutEnvelope(schema)));
  return (object) => {
    validate(object);
    return validate.errors ?? [];
  };
}

function withoutEnvelope(schema: Schema): Schema {
  const outside = new Set(['apiVersion', 'kind', 'metadata']);
  const properties = propertiesOf(schema).filter(([name]) => !outside.has(name));
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** Keywords which mean in OpenAPI what they mean in JSON schema. */
const shared = [
  'format',
  'minimum',
  'maximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'required',
] as const;

function translate(schema: Schema): Readonly<Record<string, unknown>> {
  const same = shared.flatMap((name) => (name in schema ? [[name, schema[name]] as const] : []));
  return {
    ...Object.fromEntries(same),
    ...typesOf(schema),
    ...bounds(schema),
    ...parts(schema),
    ...combinations(schema),
  };
}

function typesOf(schema: Schema): Readonly<Record<string, unknown>> {
  const types = isIntOrString(schema) ? ['integer', 'string'] : [schema['type']];
  if (types[0] === undefined) return enumOf(schema);
  const all = schema['nullable'] === true ? [...types, 'null'] : types;
  return { type: all.length === 1 ? all[0] : all, ...enumOf(schema) };
}

function enumOf(schema: Schema): Readonly<Record<string, unknown>> {
  const { enum: values } = schema;
  if (!Array.isArray(values)) return {};
  return { enum: schema['nullable'] === true ? [...values, null] : values };
}

/** OpenAPI 3.0 writes an exclusive bound as a flag beside the bound. */
function bounds(schema: Schema): Readonly<Record<string, unknown>> {
  return {
    ...(schema['exclusiveMinimum'] === true && { exclusiveMinimum: schema['minimum'] }),
    ...(schema['exclusiveMaximum'] === true && { exclusiveMaximum: schema['maximum'] }),
  };
}

function parts(schema: Schema): Readonly<Record<string, unknown>> {
  const { items, additionalProperties: values } = schema;
  const properties = propertiesOf(schema).map(([name, part]) => [name, translate(part)] as const);
  return {
    ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    ...(isRecord(items) && { items: translate(items) }),
    ...(isRecord(values) && { additionalProperties: translate(values) }),
  };
}

function combinations(schema: Schema): Readonly<Record<string, unknown>> {
  if (isIntOrString(schema)) return {};
  const lists = ['anyOf', 'allOf', 'oneOf'].flatMap((name) => {
    const members = schema[name];
    return Array.isArray(members) ? [[name, members.filter(isRecord).map(translate)] as const] : [];
  });
  const { not } = schema;
  return { ...Object.fromEntries(lists), ...(isRecord(not) && { not: translate(not) }) };
}

function isIntOrString(schema: Schema): boolean {
  return schema['x-kubernetes-int-or-string'] === true;
}

function isInt32(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
}

function isDateTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
}
