import { describe, expect, it } from 'vitest';

import { continueToken } from './continue-token.ts';
import { GivenStore, aSet, at, namesIn } from './given-store.ts';

function givenSets(count = 5): GivenStore {
  const given = new GivenStore({ historySize: 4 });
  for (let index = 1; index <= count; index += 1) {
    const labels = { odd: String(index % 2) };
    given.create('sets', aSet(`l${index}`, { metadata: { name: `l${index}`, labels } }));
  }
  return given;
}

describe('a list', () => {
  it('holds the objects in order, at the newest version of all kinds', () => {
    const given = givenSets();
    const answer = given.list('sets');
    expect(namesIn(answer)).toEqual(['l1', 'l2', 'l3', 'l4', 'l5']);
    expect(answer.body).toMatchObject({
      apiVersion: 'test.rollcall.dev/v1beta1',
      kind: 'SetList',
      metadata: { continue: '', resourceVersion: String(given.store.resourceVersion) },
    });
    expect(at(given.list('v1alpha1/sets'), 'items.0.apiVersion')).toBe(
      'test.rollcall.dev/v1alpha1',
    );
  });

  it('leaves kind and apiVersion out of the items of a built-in kind', () => {
    const answer = new GivenStore().list('namespaces');
    expect(namesIn(answer)).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    expect(at(answer, 'items.0.kind')).toBeUndefined();
    expect(at(answer, 'metadata.continue')).toBeUndefined();
  });

  it('over all namespaces is ordered as etcd orders its keys', () => {
    const given = new GivenStore();
    for (const name of ['a', 'a-b']) {
      given.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      given.create('sets', aSet(`in-${name}`), { namespace: name });
    }
    expect(namesIn(given.list('sets', {}, ''))).toEqual(['in-a-b', 'in-a']);
    const { store } = given;
    const resource = { group: 'test.rollcall.dev', version: 'v1beta1', plural: 'sets' };
    const caller = { user: 'u', groups: [] };
    const all = (options: object) =>
      store.handle({ verb: 'list', resource, namespace: '', caller, options });
    const page = all({ limit: 1 });
    expect(namesIn(page)).toEqual(['in-a-b']);
    expect(namesIn(all({ limit: 1, continue: at(page, 'metadata.continue') }))).toEqual(['in-a']);
  });

  it('comes in pages of one consistent moment', () => {
    const given = givenSets();
    const first = given.list('sets', { limit: 2 });
    expect(namesIn(first)).toEqual(['l1', 'l2']);
    expect(at(first, 'metadata.remainingItemCount')).toBe(3);
    given.create('sets', aSet('l9'));
    given.delete('sets', 'l3');
    given.merge('sets', 'l4', { spec: { replicas: 7 } });
    const second = given.list('sets', {
      limit: 2,
      continue: String(at(first, 'metadata.continue')),
    });
    expect(namesIn(second)).toEqual(['l3', 'l4']);
    expect(at(second, 'items.1.spec.replicas')).toBe(1);
    expect(at(second, 'metadata')).toMatchObject({
      resourceVersion: at(first, 'metadata.resourceVersion'),
      remainingItemCount: 1,
    });
    const third = given.list('sets', {
      limit: 2,
      continue: String(at(second, 'metadata.continue')),
    });
    expect(namesIn(third)).toEqual(['l5']);
    expect(at(third, 'metadata.continue')).toBe('');
  });

  it('says how to go on inconsistently when a page is asked for too late', () => {
    const given = givenSets();
    const first = given.list('sets', { limit: 2 });
    for (let index = 0; index < 20; index += 1) given.create('sets', aSet(`x${index}`));
    const late = given.list('sets', { limit: 2, continue: String(at(first, 'metadata.continue')) });
    expect(late.body).toMatchObject({ code: 410, reason: 'Expired' });
    expect(String(at(late, 'message'))).toMatch(/^The provided continue parameter is too old/);
    const token = String(at(late, 'metadata.continue'));
    expect(token).toBe(continueToken(-1, '/l2\u0000'));
    const on = given.list('sets', { limit: 2, continue: token });
    expect(namesIn(on)).toEqual(['l3', 'l4']);
    expect(at(on, 'metadata.resourceVersion')).toBe(String(given.store.resourceVersion));
  });

  it('of an exact version tells the past, or that it is gone', () => {
    const given = givenSets(2);
    const resourceVersion = String(given.store.resourceVersion);
    given.delete('sets', 'l1');
    const exact = { resourceVersion, resourceVersionMatch: 'Exact' };
    expect(namesIn(given.list('sets', exact))).toEqual(['l1', 'l2']);
    const old = given.list('sets', { resourceVersion: '1', resourceVersionMatch: 'Exact' });
    expect(old.body).toMatchObject({
      code: 410,
      message: 'The resourceVersion for the provided list is too old.',
    });
  });

  it('ignores the limit for version 0, and takes an older version as not older than', () => {
    const given = givenSets();
    expect(namesIn(given.list('sets', { limit: 2, resourceVersion: '0' }))).toHaveLength(5);
    expect(namesIn(given.list('sets', { resourceVersion: '1000' }))).toHaveLength(5);
  });

  it.each([
    [{ resourceVersionMatch: 'Exact' }, 422],
    [{ resourceVersion: '0', resourceVersionMatch: 'Exact' }, 422],
    [{ resourceVersion: '1', resourceVersionMatch: 'Bogus' }, 422],
    [{ resourceVersion: 'abc' }, 400],
    [{ resourceVersion: '99999999' }, 504],
    [{ resourceVersion: '5', continue: continueToken(5, '/l2\u0000') }, 400],
    [{ continue: 'bogus' }, 400],
    [{ labelSelector: 'odd===' }, 400],
    [{ fieldSelector: 'garbage' }, 400],
    [{ fieldSelector: 'spec.replicas=1' }, 400],
  ])('refuses %o with %i', (options, code) => {
    expect(givenSets().list('sets', options).code).toBe(code);
  });

  it('words what it refuses as the real server does', () => {
    const given = givenSets();
    expect(at(given.list('sets', { continue: 'bogus' }), 'message')).toBe(
      'invalid continue token: continue key is not valid: illegal base64 data at input byte 4',
    );
    expect(at(given.list('sets', { fieldSelector: 'garbage' }), 'message')).toBe(
      "invalid selector: 'garbage'; can't understand 'garbage'",
    );
    expect(at(given.list('sets', { fieldSelector: 'spec.replicas=1' }), 'message')).toBe(
      'field label not supported: spec.replicas',
    );
  });

  it('is chosen by labels and fields, and then tells no count of the rest', () => {
    const given = givenSets();
    expect(namesIn(given.list('sets', { labelSelector: 'odd=1' }))).toEqual(['l1', 'l3', 'l5']);
    const page = given.list('sets', { labelSelector: 'odd=1', limit: 1 });
    expect(namesIn(page)).toEqual(['l1']);
    expect(at(page, 'metadata.remainingItemCount')).toBeUndefined();
    const fieldSelector = 'metadata.name!=l1,metadata.namespace=default';
    expect(namesIn(given.list('sets', { fieldSelector }))).toEqual(['l2', 'l3', 'l4', 'l5']);
  });

  it('of events is chosen by what they are about', () => {
    const given = new GivenStore();
    for (const name of ['a', 'b']) {
      given.create('events', {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: `${name}.1` },
        involvedObject: { kind: 'Set', name, namespace: 'default', uid: `u-${name}` },
        reason: 'SuccessfulCreate',
        type: 'Normal',
        source: { component: 'maker' },
      });
    }
    const about = (fieldSelector: string) => namesIn(given.list('events', { fieldSelector }));
    expect(about('involvedObject.uid=u-a,involvedObject.name=a')).toEqual(['a.1']);
    expect(about('reason=SuccessfulCreate,type!=Warning')).toEqual(['a.1', 'b.1']);
    expect(about('source=maker,involvedObject.kind=Set')).toEqual(['a.1', 'b.1']);
  });
});
