import { sizeSchema } from '#shared/contract/objects.ts';
import type { Attributed } from '#shared/contract/records.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { fieldsOf, textOf } from '#shared/lib/loose.ts';
import type { Fields } from '#shared/lib/loose.ts';

/* What an audited request itself asked for, which is more than what stands in its answer. */

type Act = Pick<Attributed, 'verb' | 'subresource'>;

const mostManagerBytes = 128;

/**
 * The field manager as the API server makes it: the parameter, else the first part of the user agent
 * without what cannot be printed (apiserver, `managerOrUserAgent`).
 */
export function managerOf(event: Fields): string {
  const [, query = ''] = textOf(event['requestURI']).split('?');
  const given = new URLSearchParams(query).get('fieldManager');
  if (given !== null && given !== '') return given.slice(0, mostManagerBytes).toWellFormed();
  const [program = ''] = textOf(event['userAgent']).split('/');
  let manager = '';
  for (const character of program.toWellFormed()) {
    if (character !== ' ' && /[\p{C}\p{Z}]/u.test(character)) continue;
    if (Buffer.byteLength(manager + character) > mostManagerBytes) break;
    manager += character;
  }
  return manager === '' ? 'unknown' : manager;
}

/**
 * spec.replicas of a whole object. Absent means 1, in a Scale 0, which Go leaves out; undefined where there
 * is no spec to look into.
 */
export function sizeIn(spec: unknown, { subresource }: Act): number | undefined {
  if (!isRecord(spec)) return undefined;
  const { replicas } = spec;
  return replicas === undefined || replicas === null ? absent(subresource) : whole(replicas);
}

/** The size that a request asks for: the whole object names one always, a patch only if it touches it. */
export function sizeAskedBy(body: unknown, act: Act): number | undefined {
  const { verb, subresource } = act;
  if (Array.isArray(body)) return sizeOfSteps(body, act);
  const spec = isRecord(body) ? body['spec'] : undefined;
  if (verb !== 'patch') return sizeIn(spec, act);
  if (!isRecord(spec) || !('replicas' in spec)) return undefined;
  return spec['replicas'] === null ? absent(subresource) : whole(spec['replicas']);
}

/** A JSON patch: the last step that touches the size, whether or not that one tells it. */
function sizeOfSteps(steps: readonly unknown[], act: Act): number | undefined {
  const last = steps.filter(isRecord).findLast(touchesSize);
  if (last === undefined) return undefined;
  const { op, path, value } = last;
  // What these bring stands elsewhere in the object, and not in the request.
  if (op === 'copy' || op === 'move') return undefined;
  if (path === '/spec/replicas') return op === 'remove' ? absent(act.subresource) : whole(value);
  return sizeIn(path === '' ? fieldsOf(value)['spec'] : value, act);
}

function touchesSize({ op, path, from }: Fields): boolean {
  if (op === 'test') return false;
  return holdsSize(path) || (op === 'move' && holdsSize(from));
}

function holdsSize(path: unknown): boolean {
  return path === '/spec/replicas' || path === '/spec' || path === '';
}

function absent(subresource: string | undefined): number {
  return subresource === 'scale' ? 0 : 1;
}

function whole(value: unknown): number | undefined {
  return sizeSchema.safeParse(value).data;
}
