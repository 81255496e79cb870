import { invalid } from './cause.ts';
import type { Cause } from './cause.ts';
import { isSet } from './read.ts';

export type AmountRule = {
  readonly field: string;
  /** The smallest number, and the smallest percentage. */
  readonly least: 0 | 1;
};

/**
 * A number of members, or a percentage of the wanted size. Source: kubevirt vmpool-admitter.go,
 * validateMaxUnavailable; a sign, and more digits than a percentage has, are refused here besides.
 */
export function amountCauses(raw: unknown, { field, least }: AmountRule): readonly Cause[] {
  if (!isSet(raw)) return [];
  if (typeof raw === 'number') {
    if (Number.isSafeInteger(raw) && raw >= least) return [];
    return [invalid(field, least === 1 ? 'must be greater than 0' : 'must not be less than 0')];
  }
  if (typeof raw !== 'string') return [invalid(field, 'must be a number or a percentage')];
  if (!raw.endsWith('%')) return [invalid(field, 'a text must be a percentage and end with %')];
  const digits = /^(\d{1,3})%$/.exec(raw)?.[1];
  if (digits === undefined) return [invalid(field, 'the percentage is not a whole number')];
  const share = Number(digits);
  if (share >= least && share <= 100) return [];
  return [invalid(field, `the percentage must be between ${least} and 100`)];
}

export function isNone(raw: unknown): boolean {
  return !isSet(raw) || raw === 0 || (typeof raw === 'string' && /^0{1,3}%$/.test(raw));
}
