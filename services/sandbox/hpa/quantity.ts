const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const shape = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;

/** A Kubernetes quantity in thousandths, rounded up as Kubernetes does; undefined for what is none. */
export function milliOf(quantity: unknown): number | undefined {
  if (typeof quantity === 'number') return Math.ceil(quantity * 1000);
  const found = typeof quantity === 'string' ? shape.exec(quantity.trim()) : null;
  if (found === null) return undefined;
  const [, digits = '', exponent, suffix = ''] = found;
  const factor = exponent === undefined ? (factors[suffix] ?? 1) : 10 ** Number(exponent);
  // Rounding once before the last one takes back what binary fractions add (1.1 × 1000).
  return Math.ceil(Math.round(Number(digits) * factor * 1e6) / 1e3);
}

/** Thousandths as Kubernetes writes them: `250m`, `2`. */
export function quantityOfMilli(milli: number): string {
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}

/** A count of bytes as the metrics server writes it: `131072Ki`, or plainly when it is not whole. */
export function quantityOfBytes(bytes: number): string {
  return bytes % 1024 === 0 ? `${bytes / 1024}Ki` : String(Math.round(bytes));
}
