import { isIP } from 'node:net';

import { Environment } from '@marcbachmann/cel-js';

import { parseQuantity } from './quantity.ts';
import type { Quantity } from './quantity.ts';

/** A quantity inside an expression; expressions see only what is registered below. */
class CelQuantity {
  readonly value: Quantity;

  constructor(value: Quantity) {
    this.value = value;
  }
}

/**
 * The language of rules as Kubernetes extends it: quantities, regular expressions that find, lists that
 * are sorted and summed, addresses and URLs. What is not declared is an error of the expression.
 */
export function celEnvironment(): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  environment.registerType('kubernetes.Quantity', { ctor: CelQuantity, fields: {} });
  registerQuantities(environment);
  registerTexts(environment);
  registerLists(environment);
  environment.registerVariable('self', 'dyn');
  environment.registerVariable('oldSelf', 'dyn');
  return environment;
}

function registerQuantities(environment: Environment): void {
  const type = 'kubernetes.Quantity';
  const read = (text: string): CelQuantity => {
    const value = parseQuantity(text);
    if (value === undefined) throw new Error(`quantity: ${JSON.stringify(text)} is none`);
    return new CelQuantity(value);
  };
  const compared = ({ value: left }: CelQuantity, { value: right }: CelQuantity): number => {
    const [one, other] = [left.numerator * right.denominator, right.numerator * left.denominator];
    return one < other ? -1 : one > other ? 1 : 0;
  };
  const register = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(signature, handler);
  };
  register(`quantity(string): ${type}`, read);
  register('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined);
  register(`${type}.compareTo(${type}): int`, (left: CelQuantity, right: CelQuantity) =>
    BigInt(compared(left, right)),
  );
  register(
    `${type}.isGreaterThan(${type}): bool`,
    (left: CelQuantity, right: CelQuantity) => compared(left, right) > 0,
  );
  register(
    `${type}.isLessThan(${type}): bool`,
    (left: CelQuantity, right: CelQuantity) => compared(left, right) < 0,
  );
  register(`${type}.sign(): int`, ({ value }: CelQuantity) =>
    value.numerator > 0n ? 1n : value.numerator < 0n ? -1n : 0n,
  );
  register(
    `${type}.isInteger(): bool`,
    ({ value }: CelQuantity) => value.numerator % value.denominator === 0n,
  );
  register(
    `${type}.asInteger(): int`,
    ({ value }: CelQuantity) => value.numerator / value.denominator,
  );
}

function registerTexts(environment: Environment): void {
  const register = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(signature, handler);
  };
  register(
    'string.find(string): string',
    (text: string, pattern: string) => new RegExp(pattern, 'u').exec(text)?.[0] ?? '',
  );
  register('string.findAll(string): list<string>', (text: string, pattern: string) =>
    [...text.matchAll(new RegExp(pattern, 'gu'))].map(([found]) => found),
  );
  register('string.replace(string, string): string', (text: string, from: string, to: string) =>
    text.replaceAll(from, () => to),
  );
  register('string.charAt(int): string', (text: string, index: bigint) =>
    text.charAt(Number(index)),
  );
  register(
    'isURL(string): bool',
    (text: string) => /^(\/|[a-z][a-z0-9+.-]*:)/i.test(text) && URL.canParse(text, 'http://x'),
  );
  register('isIP(string): bool', (text: string) => isIP(text) > 0);
  register('isCIDR(string): bool', isCidr);
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const longest = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1;
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= longest;
}

type Comparable = bigint | number | string;

function registerLists(environment: Environment): void {
  const register = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(signature, handler);
  };
  const extreme = (
    list: readonly Comparable[],
    isBetter: (a: Comparable, b: Comparable) => boolean,
  ) => {
    const [first, ...rest] = list;
    if (first === undefined) throw new Error('an empty list has no extreme');
    return rest.reduce((best, item) => (isBetter(item, best) ? item : best), first);
  };
  register('list.isSorted(): bool', (list: readonly Comparable[]) =>
    list.every((item, index) => {
      const next = list[index + 1];
      return next === undefined || item <= next;
    }),
  );
  register('list.sum(): dyn', (list: readonly (bigint | number)[]) =>
    list.some((item) => typeof item === 'number')
      ? list.reduce<number>((sum, item) => sum + Number(item), 0)
      : list.reduce<bigint>((sum, item) => sum + BigInt(item), 0n),
  );
  register('list.min(): dyn', (list: readonly Comparable[]) => extreme(list, (a, b) => a < b));
  register('list.max(): dyn', (list: readonly Comparable[]) => extreme(list, (a, b) => a > b));
  register('list.indexOf(dyn): int', (list: readonly unknown[], item: unknown) =>
    BigInt(list.indexOf(item)),
  );
  register('list.lastIndexOf(dyn): int', (list: readonly unknown[], item: unknown) =>
    BigInt(list.lastIndexOf(item)),
  );
}
