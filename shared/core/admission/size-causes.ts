import { invalid } from './cause.ts';
import type { Cause } from './cause.ts';
import { isSet } from './read.ts';
import type { Fields } from './read.ts';

/** Numbers that the definitions of the kinds check too, where ours are installed. */
export function sizeCauses(spec: Fields): readonly Cause[] {
  return ['replicas', 'minReadySeconds'].flatMap((name) => {
    const value = spec[name];
    if (!isSet(value) || (typeof value === 'number' && Number.isInteger(value) && value >= 0)) {
      return [];
    }
    return [invalid(`spec.${name}`, 'must be a whole number, and not less than 0')];
  });
}
