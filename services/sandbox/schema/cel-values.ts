import { isRecord } from '#shared/lib/canonical.ts';
import { recordIn } from './schema-parts.ts';
import type { Schema } from './structural.ts';

/** A value as expressions see it: whole numbers of the schema are int, times are times. */
export function celValue(value: unknown, schema: Schema | undefined): unknown {
  if (Array.isArray(value)) {
    const items = recordIn(schema, 'items');
    return value.map((item) => celValue(item, items));
  }
  if (isRecord(value)) return celObject(value, schema);
  if (typeof value === 'number') return celNumber(value, schema);
  if (typeof value === 'string' && schema?.['format'] === 'date-time') return new Date(value);
  return value;
}

function celNumber(value: number, schema: Schema | undefined): unknown {
  const isWhole =
    schema?.['type'] === 'integer' ||
    schema?.['x-kubernetes-int-or-string'] === true ||
    (schema?.['type'] === undefined && Number.isInteger(value));
  return isWhole && Number.isInteger(value) ? BigInt(value) : value;
}

function celObject(
  value: Readonly<Record<string, unknown>>,
  schema: Schema | undefined,
): ReadonlyMap<string, unknown> {
  const properties = recordIn(schema, 'properties');
  const others = recordIn(schema, 'additionalProperties');
  return new Map(
    Object.entries(value).map(([name, field]) => {
      const own = recordIn(properties, name);
      return [
        own === undefined ? name : escapedName(name),
        celValue(field, own ?? others),
      ] as const;
    }),
  );
}

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** The name of a field in expressions: words of the language and signs are written out. */
function escapedName(name: string): string {
  if (reserved.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}
