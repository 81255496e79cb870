import { isRecord } from '#shared/lib/canonical.ts';
import type { ResourceVersionDefinition } from '../store/types.ts';
import type { Cause } from './types.ts';

/** What the API server itself asks of the two numbers behind `/scale`, whatever the schema says. */
export function scaleCauses(version: ResourceVersionDefinition, object: unknown): readonly Cause[] {
  if (version.scale === undefined) return [];
  const { specReplicasPath, statusReplicasPath } = version.scale;
  return [specReplicasPath, statusReplicasPath].flatMap((path) => causeAt(path, object));
}

function causeAt(path: string, object: unknown): readonly Cause[] {
  let here: unknown = object;
  for (const name of path.split('.').slice(1)) {
    if (here === undefined) return [];
    if (!isRecord(here)) return [accessor(path, here, 'map[string]interface{}')];
    here = here[name];
  }
  if (here === undefined) return [];
  if (typeof here !== 'number' || !Number.isInteger(here)) return [accessor(path, here, 'int64')];
  if (here < 0) return [cause(path, here, 'should be a non-negative integer')];
  return here < 2 ** 31 ? [] : [cause(path, here, 'should be less than or equal to 2147483647')];
}

function accessor(path: string, value: unknown, expected: string): Cause {
  const [type, text] = inGo(value);
  return cause(
    path,
    0,
    `${path} accessor error: ${text} is of the type ${type}, expected ${expected}`,
  );
}

/** Type and print of a value in Go, whose words stand in the message. */
function inGo(value: unknown): readonly [type: string, text: string] {
  if (Array.isArray(value))
    return ['[]interface {}', `[${value.map((item) => inGo(item)[1]).join(' ')}]`];
  if (isRecord(value)) return ['map[string]interface {}', 'map[]'];
  if (typeof value === 'boolean') return ['bool', String(value)];
  if (typeof value === 'number')
    return [Number.isInteger(value) ? 'int64' : 'float64', String(value)];
  return value === null ? ['<nil>', '<nil>'] : ['string', String(value)];
}

function cause(path: string, value: number, text: string): Cause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${text}`, field: path };
}
