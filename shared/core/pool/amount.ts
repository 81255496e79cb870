import type { Amount } from '#shared/contract/objects.ts';

/**
 * A number of members from a number or a percentage of the wanted size. One that cannot be read comes to
 * nothing: the least that may be done at a time (admission refuses it).
 */
export function membersOf(amount: Amount, desired: number, round: 'up' | 'down'): number {
  if (typeof amount === 'number') return Math.max(0, Math.trunc(amount));
  const digits = /^(\d{1,3})%$/.exec(amount)?.[1];
  if (digits === undefined) return 0;
  const exact = (Number(digits) * desired) / 100;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
