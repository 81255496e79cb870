import { expect, test } from 'vitest';
import { failureOf, unclear } from './failure.ts';

const doing = 'creating VirtualMachine';

function kindOf(status: number, body: unknown) {
  return failureOf({ status, body, doing }).kind;
}

test.each([
  [400, { reason: 'BadRequest' }, 'rejected'],
  [401, { reason: 'Unauthorized' }, 'unauthorized'],
  [403, { reason: 'Forbidden', message: 'pods "x" is forbidden: User "u" cannot' }, 'forbidden'],
  [403, { reason: 'Forbidden', message: 'is forbidden: exceeded quota: q, requested' }, 'quota'],
  [404, '404 page not found', 'not-served'],
  [409, { reason: 'AlreadyExists' }, 'already-exists'],
  [409, { reason: 'Conflict' }, 'conflict'],
  [410, { reason: 'Expired' }, 'gone'],
  [413, { reason: 'RequestEntityTooLarge' }, 'too-large'],
  [415, { reason: 'UnsupportedMediaType' }, 'rejected'],
  [422, { reason: 'Invalid' }, 'invalid'],
  [429, { reason: 'TooManyRequests' }, 'throttled'],
  [500, { message: 'etcdserver: request is too large' }, 'too-large'],
  [500, { message: 'etcdserver: leader changed' }, 'unclear'],
  [500, { message: 'Internal error occurred: failed calling webhook "a.b": x' }, 'webhook-away'],
  [503, undefined, 'unclear'],
  [504, { reason: 'Timeout' }, 'unclear'],
  [302, undefined, 'unclear'],
])('takes %i %j for %s', (status, body, kind) => {
  expect(kindOf(status, body)).toBe(kind);
});

test('tells a namespace that is going away from a missing right', () => {
  const causes = [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }];
  expect(kindOf(403, { reason: 'Forbidden', details: { causes } })).toBe('namespace-terminating');
});

test('keeps the path of the first refused field, and passes over the cause without one', () => {
  const causes = [{ field: '<nil>' }, { field: 'spec.template.spec.domain' }, { field: 'spec' }];
  const failure = failureOf({
    status: 422,
    body: { reason: 'Invalid', details: { causes } },
    doing,
  });
  expect(failure).toEqual({
    kind: 'invalid',
    code: 422,
    reason: 'Invalid',
    field: 'spec.template.spec.domain',
    doing,
  });
});

test('keeps nothing of what the server wrote for people', () => {
  const secret = 'hunter2-is-the-password';
  const causes = [{ reason: secret, message: secret, field: `spec.user: "${secret}"` }];
  const body = { message: secret, reason: `denied: ${secret}`, details: { name: secret, causes } };
  for (const status of [400, 403, 409, 422, 500]) {
    expect(JSON.stringify(failureOf({ status, body, doing }))).not.toContain(secret);
  }
});

test('keeps the code of a network error, also of the one within, and not its message', () => {
  const inner = Object.assign(new Error('read ECONNRESET of secret'), { code: 'ECONNRESET' });
  expect(unclear(doing, new Error('fetch failed', { cause: inner }))).toEqual({
    kind: 'unclear',
    code: 0,
    reason: 'ECONNRESET',
    doing,
  });
});
