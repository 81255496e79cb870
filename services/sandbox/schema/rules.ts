import { isRecord } from '#shared/lib/canonical.ts';
import { equalJson } from '../store/json.ts';
import { celEnvironment } from './cel-environment.ts';
import { celValue } from './cel-values.ts';
import { recordIn } from './schema-parts.ts';
import { propertiesOf, type Schema } from './structural.ts';
import type { Cause } from './types.ts';

type Expression = (variables: Readonly<Record<string, unknown>>) => unknown;

type Rule = {
  readonly holds: Expression;
  /** Speaks of oldSelf, so it is asked only where there is one. */
  readonly isTransition: boolean;
  readonly optionalOld: boolean;
  readonly message: string;
  readonly messageExpression?: Expression;
  readonly reason: string;
  /** Appended to the path: `.a.b`. */
  readonly fieldPath: string;
};

/** The rules of a schema and of what lies below it; undefined where there are none at all. */
export type RuleTree = {
  readonly schema: Schema;
  readonly rules: readonly Rule[];
  readonly properties: ReadonlyMap<string, RuleTree>;
  readonly values: RuleTree | undefined;
  readonly items: RuleTree | undefined;
};

/** Compiles all `x-kubernetes-validations` of a schema; throws where one is no expression. */
export function compileRules(schema: Schema): RuleTree | undefined {
  const own = schema['x-kubernetes-validations'];
  const rules = Array.isArray(own) ? own.filter(isRecord).map(compileRule) : [];
  const properties = new Map(
    propertiesOf(schema).flatMap(([name, part]) => {
      const tree = compileRules(part);
      return tree === undefined ? [] : [[name, tree] as const];
    }),
  );
  const values = below(schema, 'additionalProperties');
  const items = below(schema, 'items');
  if (rules.length === 0 && properties.size === 0 && !values && !items) return undefined;
  return { schema, rules, properties, values, items };
}

function below(schema: Schema, field: string): RuleTree | undefined {
  const part = recordIn(schema, field);
  return part === undefined ? undefined : compileRules(part);
}

const environment = celEnvironment();

function compileRule(rule: Readonly<Record<string, unknown>>): Rule {
  const text = textIn(rule, 'rule').trim();
  const message = textIn(rule, 'message').trim();
  const expression = textIn(rule, 'messageExpression').trim();
  return {
    holds: compile(text),
    isTransition: /\boldSelf\b/.test(text),
    optionalOld: rule['optionalOldSelf'] === true,
    message: message === '' ? `failed rule: ${text}` : message,
    ...(expression !== '' && { messageExpression: compile(expression) }),
    reason: textIn(rule, 'reason') || 'FieldValueInvalid',
    fieldPath: textIn(rule, 'fieldPath'),
  };
}

function compile(text: string): Expression {
  try {
    return environment.parse(text);
  } catch (error) {
    throw new Error(`compilation failed: ${messageOf(error)} in the rule ${text}`, {
      cause: error,
    });
  }
}

function textIn(record: Readonly<Record<string, unknown>>, field: string): string {
  const value = record[field];
  return typeof value === 'string' ? value : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
}

/** What stands at a place now and stood there before; without a before there are no transitions. */
type Place = { readonly path: string; readonly value: unknown; readonly old?: unknown };

/** Asks all rules of an object. */
export function ruleCauses(tree: RuleTree | undefined, place: Place): readonly Cause[] {
  if (tree === undefined || place.value === undefined || place.value === null) return [];
  const own = tree.rules.flatMap((rule) => causesOf(rule, tree.schema, place));
  return [...own, ...causesBelow(tree, place)];
}

function causesOf(rule: Rule, schema: Schema, { path, value, old }: Place): readonly Cause[] {
  if (rule.isTransition && old === undefined && !rule.optionalOld) return [];
  // What was let in once and is not touched stays, also under a newer rule.
  if (!rule.isTransition && old !== undefined && equalJson(old, value)) return [];
  const self = celValue(value, schema);
  const variables = { self, oldSelf: old === undefined ? undefined : celValue(old, schema) };
  const field = `${path}${rule.fieldPath}`.replace(/^\./, '');
  const type = typeOf(schema, value);
  const cause = (text: string): Cause => ({
    reason: rule.reason,
    message: `${word(rule.reason)}: ${JSON.stringify(type)}: ${text}`,
    field: field === '' ? '<nil>' : field,
  });
  try {
    return rule.holds(variables) === true ? [] : [cause(told(rule, variables))];
  } catch (error) {
    return [cause(`${messageOf(error)} evaluating rule: ${rule.message}`)];
  }
}

/** A message that cannot be made gives way to the fixed one. */
function told(rule: Rule, variables: Readonly<Record<string, unknown>>): string {
  try {
    const made = rule.messageExpression?.(variables);
    return typeof made === 'string' && made.trim() !== '' ? made : rule.message;
  } catch {
    return rule.message;
  }
}

function word(reason: string): string {
  switch (reason) {
    case 'FieldValueForbidden':
      return 'Forbidden';
    case 'FieldValueRequired':
      return 'Required value';
    case 'FieldValueDuplicate':
      return 'Duplicate value';
    default:
      return 'Invalid value';
  }
}

function typeOf(schema: Schema, value: unknown): string {
  const { type } = schema;
  if (typeof type === 'string') return type;
  return Array.isArray(value) ? 'array' : typeof value;
}

function causesBelow(tree: RuleTree, { path, value, old }: Place): readonly Cause[] {
  if (Array.isArray(value)) return causesOfItems(tree, { path, value, old });
  if (!isRecord(value)) return [];
  const before = isRecord(old) ? old : {};
  return Object.entries(value).flatMap(([name, inner]) => {
    const named = tree.properties.get(name);
    const where = named === undefined ? `${path}[${name}]` : `${path}.${name}`;
    return ruleCauses(named ?? tree.values, { path: where, value: inner, old: before[name] });
  });
}

/** Only items with keys are the same items as before; others are always new. */
function causesOfItems(
  { schema, items }: RuleTree,
  { path, value, old }: Place & { readonly value: readonly unknown[] },
): readonly Cause[] {
  const keys = schema['x-kubernetes-list-map-keys'];
  const before = Array.isArray(keys) && Array.isArray(old) ? old : [];
  const same = (one: unknown, other: unknown): boolean =>
    Array.isArray(keys) &&
    keys.every(
      (key: unknown) => isRecord(one) && isRecord(other) && one[String(key)] === other[String(key)],
    );
  return value.flatMap((item, index) =>
    ruleCauses(items, {
      path: `${path}[${index}]`,
      value: item,
      old: before.find((other) => same(other, item)),
    }),
  );
}
