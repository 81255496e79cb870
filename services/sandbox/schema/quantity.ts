/** An exact fraction; the denominator is positive. */
export type Quantity = { readonly numerator: bigint; readonly denominator: bigint };

const decimal: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Reads a Kubernetes quantity, `100m` or `1.5Gi`; undefined where the text is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = /^([+-]?)(\d+\.?\d*|\.\d+)(?:e([+-]?\d+)|([A-Za-z]*))$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = '', exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const value = BigInt(`${whole}${fraction}` || '0') * (sign === '-' ? -1n : 1n);
  const scale = { numerator: value, denominator: 10n ** BigInt(fraction.length) };
  if (exponent !== undefined) return timesTen(scale, Number(exponent));
  const power = binary.indexOf(suffix);
  if (power >= 0) return { ...scale, numerator: value * 1024n ** BigInt(power + 1) };
  const tens = decimal[suffix];
  return tens === undefined ? undefined : timesTen(scale, tens);
}

function timesTen({ numerator, denominator }: Quantity, power: number): Quantity {
  const factor = 10n ** BigInt(Math.abs(power));
  return power >= 0
    ? { numerator: numerator * factor, denominator }
    : { numerator, denominator: denominator * factor };
}
