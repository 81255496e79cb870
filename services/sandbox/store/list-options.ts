import type { Cause } from '../schema/types.ts';
import { badRequest, failure, invalid } from './failures.ts';
import type { Failure } from './failures.ts';
import type { ListOptions } from './types.ts';

/** What is wrong with the versions that a list asks for; undefined when nothing is. */
export function problemOfListOptions(options: ListOptions, newest: number): Failure | undefined {
  const cause = problemOfMatch(options);
  if (cause !== undefined) {
    return invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, [cause]);
  }
  const { resourceVersion = '' } = options;
  if (resourceVersion === '') return undefined;
  if (options.continue !== undefined && options.continue !== '' && resourceVersion !== '0') {
    return badRequest('specifying resource version is not allowed when using continue');
  }
  if (!/^\d+$/.test(resourceVersion)) {
    const quoted = JSON.stringify(resourceVersion);
    return badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`,
    );
  }
  return Number(resourceVersion) > newest ? notYet() : undefined;
}

/** The real server waits for the version first; the sandbox has one store that never lags. */
function notYet(): Failure {
  return failure(504, {
    message: 'Timeout: request did not complete within the allotted timeout',
    reason: 'Timeout',
    details: {},
  });
}

const matches = ['Exact', 'NotOlderThan', ''];

function problemOfMatch({
  resourceVersionMatch,
  resourceVersion = '',
}: ListOptions): Cause | undefined {
  if (resourceVersionMatch === undefined || resourceVersionMatch === '') return undefined;
  if (resourceVersion === '') {
    return forbidden('resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if (!matches.includes(resourceVersionMatch)) {
    const values = matches.map((match) => JSON.stringify(match)).join(', ');
    const message = `Unsupported value: ${JSON.stringify(resourceVersionMatch)}: supported values: ${values}`;
    return { reason: 'FieldValueNotSupported', message, field: 'resourceVersionMatch' };
  }
  if (resourceVersionMatch === 'Exact' && resourceVersion === '0') {
    return forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  return undefined;
}

function forbidden(why: string): Cause {
  const message = `Forbidden: ${why}`;
  return { reason: 'FieldValueForbidden', message, field: 'resourceVersionMatch' };
}
