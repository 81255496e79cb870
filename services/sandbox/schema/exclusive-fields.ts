import { isRecord } from '#shared/lib/canonical.ts';
import { propertiesOf, type Schema } from './structural.ts';
import type { Cause } from './types.ts';

/** Two fields of one object of which only one may be there. */
export type ExclusiveFields = {
  readonly path: readonly string[];
  readonly fields: readonly [string, string];
  readonly message: string;
};

/**
 * The rules of a schema in the one form the sandbox evaluates, `!(has(self.a) && has(self.b))`. A real
 * API server evaluates every CEL rule; the sandbox passes over the others.
 */
export function exclusiveFields(
  schema: Schema,
  path: readonly string[] = [],
): readonly ExclusiveFields[] {
  const rules = schema['x-kubernetes-validations'];
  const own = Array.isArray(rules) ? rules.flatMap((rule) => exclusiveRule(rule, path)) : [];
  const nested = propertiesOf(schema).flatMap(([name, part]) =>
    exclusiveFields(part, [...path, name]),
  );
  return [...own, ...nested];
}

export function exclusiveCauses(
  rules: readonly ExclusiveFields[],
  object: unknown,
): readonly Cause[] {
  return rules.flatMap(({ path, fields, message }) => {
    let here: unknown = object;
    for (const name of path) here = isRecord(here) ? here[name] : undefined;
    if (!isRecord(here)) return [];
    const present = here;
    if (!fields.every((name) => present[name] !== undefined)) return [];
    const text = `Invalid value: "object": ${message}`;
    return [{ reason: 'FieldValueInvalid', message: text, field: path.join('.') }];
  });
}

const form = /^!\(has\(self\.(\w+)\) && has\(self\.(\w+)\)\)$/;

function exclusiveRule(rule: unknown, path: readonly string[]): readonly ExclusiveFields[] {
  if (!isRecord(rule) || typeof rule['rule'] !== 'string') return [];
  const [, first, second] = form.exec(rule['rule']) ?? [];
  if (first === undefined || second === undefined) return [];
  const message = typeof rule['message'] === 'string' ? rule['message'] : rule['rule'];
  return [{ path, fields: [first, second], message }];
}
