/** Powers of ten, and of two, that a suffix stands for. */
const decimal: ReadonlyMap<string, bigint> = new Map(
  ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].map((suffix, at) => [
    suffix,
    10n ** BigInt(3 * at),
  ]),
);
const binary: ReadonlyMap<string, bigint> = new Map(
  ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((suffix, at) => [suffix, 2n ** BigInt(10 * (at + 1))]),
);

const nano = 10n ** 9n;
const mostDecimals = 9;

/**
 * A Kubernetes quantity as a whole number of billionths, so that `1024Mi` and `1Gi`, `0.5` and `500m` are one;
 * whatever is none, or is finer than Kubernetes itself keeps, stays as it is.
 */
export function quantityForm(raw: unknown): unknown {
  if (typeof raw !== 'string' && typeof raw !== 'number') return raw;
  const match = /^([+-]?)(\d*)\.?(\d*)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?$/.exec(
    String(raw),
  );
  const [, sign = '', whole = '', decimals = '', suffix = '', exponent = '0'] = match ?? [];
  if (match === null || whole + decimals === '' || decimals.length > mostDecimals) return raw;
  const digits = BigInt(whole + decimals.padEnd(mostDecimals, '0'));
  const value = scaled(digits, suffix, Number(exponent));
  return value === undefined ? raw : `${sign === '-' ? '-' : ''}${value}n`;
}

/** Billionths times what the suffix or exponent says; undefined for a fraction of one. */
function scaled(digits: bigint, suffix: string, exponent: number): bigint | undefined {
  const power = binary.get(suffix);
  if (power !== undefined) return digits * power;
  const top = digits * (decimal.get(suffix) ?? nano) * 10n ** BigInt(Math.max(exponent, 0));
  const bottom = nano * 10n ** BigInt(Math.max(-exponent, 0));
  return top % bottom === 0n ? top / bottom : undefined;
}
