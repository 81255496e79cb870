import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';

import { GivenStore } from '../store/given-store.ts';
import { readOne } from '../store/read-all.ts';
import type { Caller } from '../store/types.ts';
import { refusalText } from './attributes.ts';
import type { ResourceAttributes } from './attributes.ts';
import { roleAuthorizer } from './authorizer.ts';
import { makeDefaultRoles } from './default-roles.ts';
import { reviewStatus } from './reviews.ts';
import { openServiceAccountTokens, serviceAccountCaller } from './account-tokens.ts';

const rbac = 'rbac.authorization.k8s.io';
const jane: Caller = { user: 'jane', groups: ['devs', 'system:authenticated'] };

function on(verb: string, resource: string, more: Partial<ResourceAttributes> = {}) {
  const base = { kind: 'resource', verb, group: '', version: 'v1', resource } as const;
  return { ...base, subresource: '', namespace: 'default', name: '', ...more } as const;
}

function cluster() {
  const given = new GivenStore();
  makeDefaultRoles(given.store);
  const role = (name: string, ...rules: readonly unknown[]) =>
    given.create('roles', { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name }, rules });
  const bind = (name: string, subject: Readonly<Record<string, unknown>>, kind = 'Role') =>
    given.create('rolebindings', {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name },
      roleRef: { apiGroup: rbac, kind, name },
      subjects: [subject],
    });
  return { given, role, bind, authorizer: roleAuthorizer(given.store) };
}

describe('rights by roles', () => {
  test('are given by a binding, with its reason, and gone with it', () => {
    const { given, role, bind, authorizer } = cluster();
    expect(authorizer.authorize(jane, on('get', 'pods'))).toEqual({ allowed: false, reason: '' });
    role('look', { verbs: ['get'], apiGroups: [''], resources: ['pods'] });
    bind('look', { kind: 'User', name: 'jane' });
    expect(authorizer.authorize(jane, on('get', 'pods'))).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "look/default" of Role "look" to User "jane"',
    });
    expect(authorizer.authorize(jane, on('get', 'pods', { namespace: 'other' })).allowed).toBe(
      false,
    );
    expect(authorizer.authorize(jane, on('list', 'pods')).allowed).toBe(false);
    given.delete('rolebindings', 'look');
    expect(authorizer.authorize(jane, on('get', 'pods')).allowed).toBe(false);
  });

  test('tell subresources, names and groups apart', () => {
    const { role, bind, authorizer } = cluster();
    role(
      'some',
      { verbs: ['patch'], apiGroups: ['x'], resources: ['sets/scale', '*/status'] },
      { verbs: ['*'], apiGroups: ['*'], resources: ['sets'], resourceNames: ['mine'] },
    );
    bind('some', { kind: 'Group', name: 'devs' });
    const may = (attributes: ResourceAttributes) => authorizer.authorize(jane, attributes).allowed;
    const sets = { group: 'x' };
    expect(may(on('patch', 'sets', { ...sets, subresource: 'scale' }))).toBe(true);
    expect(may(on('patch', 'others', { ...sets, subresource: 'status' }))).toBe(true);
    expect(may(on('patch', 'sets', { ...sets, subresource: 'other' }))).toBe(false);
    expect(may(on('delete', 'sets', { ...sets, name: 'mine' }))).toBe(true);
    expect(may(on('delete', 'sets', { ...sets, name: 'theirs' }))).toBe(false);
  });

  test('name a role that is not there, and gather roles by their labels', () => {
    const { bind, authorizer } = cluster();
    bind('nowhere', { kind: 'ServiceAccount', name: 'robot', namespace: 'default' });
    const robot = serviceAccountCaller('default', 'robot');
    expect(authorizer.authorize(robot, on('get', 'pods')).reason).toBe(
      'RBAC: role.rbac.authorization.k8s.io "nowhere" not found',
    );
    bind('view', { kind: 'User', name: 'jane' }, 'ClusterRole');
    expect(authorizer.authorize(jane, on('list', 'pods')).allowed).toBe(true);
    expect(authorizer.authorize(jane, on('list', 'secrets')).allowed).toBe(false);
  });

  test('let everyone discover, and masters do everything', () => {
    const { authorizer } = cluster();
    const path = { kind: 'path', verb: 'get', path: '/apis/apps' } as const;
    expect(authorizer.authorize(jane, path).allowed).toBe(true);
    expect(authorizer.authorize(jane, { ...path, path: '/metrics' }).allowed).toBe(false);
    const master = { user: 'admin', groups: ['system:masters'] };
    expect(authorizer.authorize(master, on('delete', 'nodes'))).toEqual({
      allowed: true,
      reason: '',
    });
    expect(refusalText('jane', { ...path, path: '/metrics' })).toBe(
      'User "jane" cannot get path "/metrics"',
    );
  });
});

describe('reviews', () => {
  const { role, bind, authorizer } = cluster();
  role('look', { verbs: ['get'], apiGroups: [''], resources: ['pods'] });
  bind('look', { kind: 'User', name: 'jane' });
  const callerOf = (token: string) => (token === 'good' ? { ...jane, uid: 'u' } : undefined);
  const ask = (kind: string, spec: unknown) =>
    reviewStatus({ authorizer, callerOf }, { kind, caller: jane, namespace: '', object: { spec } });

  test('say whom a token proves', () => {
    expect(ask('TokenReview', { token: 'good' })).toMatchObject({
      authenticated: true,
      user: { username: 'jane', uid: 'u' },
    });
    expect(ask('TokenReview', { token: 'bad' })).toEqual({
      user: {},
      error: 'invalid bearer token',
    });
  });

  test('say what somebody else may do, and oneself', () => {
    const resourceAttributes = { namespace: 'default', verb: 'get', resource: 'pods' };
    expect(ask('SubjectAccessReview', { user: 'jane', resourceAttributes })).toMatchObject({
      allowed: true,
    });
    expect(ask('SubjectAccessReview', { user: 'joe', resourceAttributes })).toEqual({
      allowed: false,
    });
    expect(ask('SelfSubjectAccessReview', { resourceAttributes })).toMatchObject({ allowed: true });
    expect(ask('SelfSubjectRulesReview', { namespace: 'default' })).toMatchObject({
      resourceRules: expect.arrayContaining([
        { verbs: ['get'], apiGroups: [''], resources: ['pods'] },
      ]),
    });
  });
});

describe('tokens of service accounts', () => {
  test('prove an account until they expire or it is made anew', () => {
    const { given } = cluster();
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } };
    given.create('serviceaccounts', account);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const now = () => given.clock.now();
    const tokens = openServiceAccountTokens({ store: given.store, now, key: privateKey });
    const accounts = { group: '', version: 'v1', plural: 'serviceaccounts' };
    const robot = readOne(given.store, accounts, { namespace: 'default', name: 'robot' });
    if (robot === undefined) throw new Error('there is no account');
    const { token } = tokens.issue(robot, { seconds: 600 });
    expect(tokens.callerOf(token)?.user).toBe('system:serviceaccount:default:robot');
    expect(tokens.callerOf(`${token.slice(0, -4)}AAAA`)).toBeUndefined();
    expect(tokens.callerOf('x')).toBeUndefined();
    given.delete('serviceaccounts', 'robot');
    given.create('serviceaccounts', account);
    expect(tokens.callerOf(token)).toBeUndefined();
    given.clock.advance(601_000);
    expect(tokens.callerOf(token)).toBeUndefined();
  });
});
