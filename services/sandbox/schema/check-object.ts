import type { ResourceVersionDefinition } from '../store/types.ts';
import { prune } from './prune.ts';
import { compileRules, ruleCauses, type RuleTree } from './rules.ts';
import { scaleCauses } from './scale-causes.ts';
import { schemaCauses } from './schema-causes.ts';
import { type Schema, type Structure, structureOf } from './structural.ts';
import type { Cause, Checked } from './types.ts';
import { compileValidator, type Validate } from './validator.ts';

type Compiled = {
  readonly structure: Structure;
  readonly validate: Validate;
  readonly rules: RuleTree | undefined;
};

/** Compiling takes milliseconds and checking microseconds, so each schema is compiled once. */
const compiled = new WeakMap<Schema, Compiled>();

/**
 * Prunes, defaults and validates an object by the schema of its version. Says nothing of apiVersion,
 * kind and metadata, which the store checks for all kinds alike. Without a schema everything is allowed.
 * `old` is what stood there before, for rules about changes.
 */
export function checkObject(
  version: ResourceVersionDefinition,
  object: unknown,
  old?: unknown,
): Checked {
  if (version.schema === undefined) return { object, causes: [], unknown: [] };
  const { structure, validate, rules } = compiledFor(version.schema);
  const pruned = prune(structure, object);
  const causes = [
    ...schemaCauses(validate(pruned.object), pruned.object),
    ...scaleCauses(version, pruned.object),
  ];
  const unchecked = uncheckedRules(causes);
  const place = { path: '', value: pruned.object, ...(old !== undefined && { old }) };
  const own = unchecked.length > 0 ? unchecked : ruleCauses(rules, place);
  return { ...pruned, causes: [...causes, ...own] };
}

/**
 * The cause that says that rules were left out. The API server leaves them out when it finds a cause of
 * one of these reasons, be it in the schema or in the metadata.
 */
function uncheckedRules(causes: readonly Cause[]): readonly Cause[] {
  if (!causes.some(({ reason }) => blocking.has(reason))) return [];
  const why = 'some validation rules were not checked because the object was invalid';
  const message = `Invalid value: null: ${why}; correct the existing errors to complete validation`;
  return [{ reason: 'FieldValueInvalid', message, field: '<nil>' }];
}

const blocking: ReadonlySet<string> = new Set([
  'FieldValueRequired',
  'FieldValueTypeInvalid',
  'FieldValueNotSupported',
  'FieldValueTooLong',
  'FieldValueTooMany',
]);

function compiledFor(schema: Schema): Compiled {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const made = {
    structure: structureOf(schema),
    validate: compileValidator(schema),
    rules: compileRules(schema),
  };
  compiled.set(schema, made);
  return made;
}
