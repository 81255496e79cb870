import type { ErrorObject } from 'ajv';

import { isRecord } from '#shared/lib/canonical.ts';
import type { Cause } from './types.ts';

/** Puts the validator's findings into the words of the API server; missing fields come last. */
export function schemaCauses(errors: readonly ErrorObject[], object: unknown): readonly Cause[] {
  const inner = /\/(anyOf|oneOf|not)\/\d*/;
  const own = errors.filter((error) => !inner.test(error.schemaPath));
  const missing = own.filter((error) => error.keyword === 'required');
  const others = own.filter((error) => error.keyword !== 'required');
  return [...others, ...missing].flatMap((error) => causesOf(error, pathOf(error, object)));
}

function causesOf(error: ErrorObject, field: string): readonly Cause[] {
  switch (error.keyword) {
    case 'required': {
      const name = String(error.params['missingProperty']);
      return [
        {
          reason: 'FieldValueRequired',
          message: 'Required value',
          field: field === '' ? name : `${field}.${name}`,
        },
      ];
    }
    case 'type':
      return typeCauses(error, field);
    case 'format':
      return [formatCause(error, field)];
    case 'enum':
      return [
        {
          reason: 'FieldValueNotSupported',
          message: `Unsupported value: ${shown(error)}: supported values: ${allowed(error)}`,
          field,
        },
      ];
    case 'maxLength':
      return [
        {
          reason: 'FieldValueTooLong',
          message: `Too long: may not be more than ${String(error.schema)} bytes`,
          field,
        },
      ];
    case 'maxItems':
      return [
        {
          reason: 'FieldValueTooMany',
          message: `Too many: ${lengthOf(error.data)}: must have at most ${String(error.schema)} items`,
          field,
        },
      ];
    case 'anyOf':
      return [combination(field, 'must validate at least one schema (anyOf)')];
    case 'oneOf':
      return [combination(field, 'must validate one and only one schema (oneOf)')];
    case 'not':
      return [combination(field, 'must not validate the schema (not)')];
    default:
      return [invalid(field, `Invalid value: ${shown(error)}: ${field} in body ${rule(error)}`)];
  }
}

/** A number with a fraction in an int32 is named by its Go type, and the expected type by its format. */
function typeCauses(error: ErrorObject, field: string): readonly Cause[] {
  const types = [error.params['type']].flat().map(String);
  const expected = types.filter((type) => type !== 'null');
  const found = typeOf(error.data);
  if (expected.length > 1) {
    const first = [mismatch(field, expected.join(','), found)];
    const last = [mismatch(field, 'integer', found)];
    return [...first, combination(field, 'must validate at least one schema (anyOf)'), ...last];
  }
  if (found === 'number' && isInt32(error)) return [mismatch(field, 'int32', 'float64')];
  return [mismatch(field, expected.join(), found)];
}

function mismatch(field: string, expected: string, found: string): Cause {
  return {
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: "${found}": ${field} in body must be of type ${expected}: "${found}"`,
    field,
  };
}

function formatCause(error: ErrorObject, field: string): Cause {
  if (isInt32(error)) {
    const text = `Checked value must be of type integer with format int32 in ${field}`;
    return invalid('<nil>', `Invalid value: "": ${text}`);
  }
  const value = shown(error);
  return {
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: ${value}: ${field} in body must be of type ${String(error.schema)}: ${value}`,
    field,
  };
}

function combination(field: string, what: string): Cause {
  return invalid('<nil>', `Invalid value: "": "${field}" ${what}`);
}

function invalid(field: string, message: string): Cause {
  return { reason: 'FieldValueInvalid', message, field };
}

function rule(error: ErrorObject): string {
  const limit = String(error.schema);
  switch (error.keyword) {
    case 'minimum':
      return `should be greater than or equal to ${limit}`;
    case 'maximum':
      return `should be less than or equal to ${limit}`;
    case 'exclusiveMinimum':
      return `should be greater than ${limit}`;
    case 'exclusiveMaximum':
      return `should be less than ${limit}`;
    case 'multipleOf':
      return `should be a multiple of ${limit}`;
    case 'pattern':
      return `should match '${limit}'`;
    case 'minLength':
      return `should be at least ${limit} chars long`;
    case 'minItems':
      return `should have at least ${limit} items`;
    case 'minProperties':
      return `should have at least ${limit} properties`;
    case 'maxProperties':
      return `should have at most ${limit} properties`;
    default:
      return error.message ?? 'is not allowed';
  }
}

function isInt32(error: ErrorObject): boolean {
  return error.parentSchema?.['format'] === 'int32';
}

function allowed(error: ErrorObject): string {
  const values: unknown = error.schema;
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(', ') : '';
}

function shown(error: ErrorObject): string {
  return isRecord(error.data) ? '"object"' : JSON.stringify(error.data);
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

/** `/spec/list/0/name` becomes `spec.list[0].name`; only the data tells an index from a key. */
function pathOf(error: ErrorObject, object: unknown): string {
  let path = '';
  let here: unknown = object;
  for (const step of error.instancePath.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(here)) {
      path += `[${name}]`;
      here = here[Number(name)];
    } else {
      path += path === '' ? name : `.${name}`;
      here = isRecord(here) ? here[name] : undefined;
    }
  }
  return path;
}
