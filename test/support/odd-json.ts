import fc from 'fast-check';
import { isRecord } from '#shared/lib/canonical.ts';

/* What JSON can hold and a database, a clock or a counter cannot. */

const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 })
  .map((units) => String.fromCharCode(...units));

const texts = fc.oneof(
  fc.constantFrom('', '\0', 'a\0b', '\ud800', '\udfff\ud800', '\u202e', "'; --", 'x'.repeat(5_000)),
  fc.string({ unit: 'binary' }),
  // Too much for an index, and too little alike to be pressed together.
  fc.string({ minLength: 6_000, maxLength: 6_000 }),
  anyUnits,
);

const numbers = fc.oneof(
  fc.constantFrom(-0, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e300, 5e-324),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const times = fc.oneof(
  fc.constantFrom(
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+14:00',
    '9999-12-31T23:59:59.999999999Z',
    '12026-01-01T00:00:00.000000Z',
    '+012026-01-01T00:00:00.000Z',
    '-000001-01-01T00:00:00.000Z',
    '2026-02-30T00:00:00.000000Z',
    '2026-01-01T24:00:00.000000Z',
    '2026-01-01T00:00:60.000000Z',
    '2026-01-01T00:00:00.000000+23:59',
    'Jan 1 12026 00:00:00 UTC and on',
  ),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.date({ noInvalidDate: true }).map(String),
);

const odd: fc.Arbitrary<unknown> = fc.oneof(
  texts,
  numbers,
  times,
  fc.array(texts, { maxLength: 9 }),
  fc.jsonValue(),
);

/** A JSON object, some of whose fields, however deep, hold what nobody writes there; as it comes over a wire. */
export function madeOdd(sound: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(sound, fc.array(fc.tuple(fc.nat(), odd), { maxLength: 4 }))
    .map(([value, oddities]): unknown => JSON.parse(JSON.stringify(spoil(value, oddities))));
}

function spoil(value: unknown, oddities: readonly (readonly [number, unknown])[]): unknown {
  return oddities.reduce<unknown>((spoiled, [at, oddity]) => {
    const paths = pathsIn(spoiled);
    const path = paths[at % Math.max(1, paths.length)];
    return path === undefined ? spoiled : putAt(spoiled, path, oddity);
  }, value);
}

type Path = readonly string[];

/** Every place below the root, of lists as well. */
function pathsIn(value: unknown, above: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]: [string, unknown]) => {
    const path = [...above, name];
    return [path, ...pathsIn(field, path)];
  });
}

function putAt(value: unknown, [name, ...below]: Path, oddity: unknown): unknown {
  if (name === undefined) return oddity;
  if (Array.isArray(value)) {
    return value.map((item: unknown, at) =>
      String(at) === name ? putAt(item, below, oddity) : item,
    );
  }
  return isRecord(value) ? { ...value, [name]: putAt(value[name], below, oddity) } : value;
}
