import { describe, expect, it } from 'vitest';

import { GivenStore, aSet, at } from './given-store.ts';

function entriesOf(given: GivenStore, name = 'a'): unknown {
  return at(given.get('sets', name), 'metadata.managedFields');
}

const entry = {
  operation: 'Update',
  apiVersion: 'test.rollcall.dev/v1beta1',
  fieldsType: 'FieldsV1',
};
const time = '2026-11-21T03:00:00Z';

describe('managedFields', () => {
  it('hold every field of a new object, atomic maps and lists as one', () => {
    const given = new GivenStore();
    const spec = { replicas: 1, selector: { matchLabels: { a: 'b' } }, disks: [{ name: 'x' }] };
    const metadata = { name: 'a', labels: { l: '1' }, finalizers: ['example.com/f'] };
    given.create(
      'sets',
      aSet('a', { metadata, spec: { ...spec, template: { deep: { er: {} } } } }),
    );
    expect(entriesOf(given)).toEqual([
      {
        ...entry,
        manager: 'curl',
        time,
        fieldsV1: {
          'f:metadata': {
            'f:labels': { '.': {}, 'f:l': {} },
            'f:finalizers': { '.': {}, 'v:"example.com/f"': {} },
          },
          'f:spec': {
            '.': {},
            'f:replicas': {},
            'f:selector': {},
            'f:disks': {},
            'f:template': { '.': {}, 'f:deep': { '.': {}, 'f:er': {} } },
          },
        },
      },
    ]);
  });

  it('name owner references by their uid', () => {
    const given = new GivenStore();
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'u1' };
    given.create('sets', aSet('a', { metadata: { name: 'a', ownerReferences: [owner] } }));
    expect(entriesOf(given)).toMatchObject([
      { fieldsV1: { 'f:metadata': { 'f:ownerReferences': { '.': {}, 'k:{"uid":"u1"}': {} } } } },
    ]);
  });

  it('move a field to who changes it, and leave the rest with its owner', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    given.clock.advance(2000);
    given.merge('sets', 'a', { spec: { replicas: 4 } }, { by: 'kubectl-patch' });
    expect(entriesOf(given)).toEqual([
      { ...entry, manager: 'curl', time, fieldsV1: { 'f:spec': { '.': {}, 'f:selector': {} } } },
      {
        ...entry,
        manager: 'kubectl-patch',
        time: '2026-11-21T03:00:02Z',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      },
    ]);
  });

  it('drop an entry with its last field, and a field with its value', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const before = entriesOf(given);
    given.merge('sets', 'a', { metadata: { annotations: { note: 'x' } } }, { by: 'noter' });
    expect(entriesOf(given)).toMatchObject([{ manager: 'curl' }, { manager: 'noter' }]);
    given.merge('sets', 'a', { metadata: { annotations: { note: null } } }, { by: 'other' });
    expect(entriesOf(given)).toEqual(before);
  });

  it('keep their time when their writer only takes fields away', () => {
    const given = new GivenStore();
    const finalizers = ['example.com/f'];
    given.create('sets', aSet('a', { metadata: { name: 'a', finalizers } }));
    given.clock.advance(2000);
    given.merge('sets', 'a', { metadata: { finalizers: null } });
    expect(entriesOf(given)).toMatchObject([{ manager: 'curl', time }]);
    expect(JSON.stringify(entriesOf(given))).not.toContain('finalizers');
  });

  it('keep the status in an entry of its own', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    given.merge('sets', 'a', { status: { replicas: 1 } }, { at: 'status' });
    expect(entriesOf(given)).toMatchObject([
      { manager: 'curl' },
      {
        manager: 'curl',
        subresource: 'status',
        fieldsV1: { 'f:status': { '.': {}, 'f:replicas': {} } },
      },
    ]);
    given.merge('sets', 'a', { status: null }, { at: 'status' });
    expect(entriesOf(given)).toHaveLength(1);
  });

  it('give a write through /scale an entry without a time, which comes first', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'), { by: 'kubectl-create' });
    given.merge('sets', 'a', { spec: { replicas: 5 } }, { by: 'kubectl', at: 'scale' });
    expect(entriesOf(given)).toEqual([
      {
        ...entry,
        manager: 'kubectl',
        subresource: 'scale',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      },
      {
        ...entry,
        manager: 'kubectl-create',
        time,
        fieldsV1: { 'f:spec': { '.': {}, 'f:selector': {} } },
      },
    ]);
  });

  it('lose the size when it is scaled to 0, and are not kept of it again', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'), { by: 'maker' });
    given.merge('sets', 'a', { spec: { replicas: 0 } }, { by: 'kubectl', at: 'scale' });
    given.merge('sets', 'a', { spec: { replicas: 2 } }, { by: 'kubectl', at: 'scale' });
    expect(entriesOf(given)).toMatchObject([
      { manager: 'maker', fieldsV1: { 'f:spec': { '.': {}, 'f:selector': {} } } },
    ]);
    expect(entriesOf(given)).toHaveLength(1);
  });

  it('are dropped by a reset and not kept again', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const reset = given.merge('sets', 'a', { metadata: { managedFields: [{}] } });
    expect(reset.code).toBe(200);
    expect(entriesOf(given)).toBeUndefined();
    given.merge('sets', 'a', { spec: { paused: true } });
    expect(entriesOf(given)).toBeUndefined();
  });

  it('are kept whatever a client sends', () => {
    const given = new GivenStore();
    given.create('sets', aSet('a'));
    const before = entriesOf(given);
    given.merge('sets', 'a', { metadata: { managedFields: null } });
    expect(entriesOf(given)).toEqual(before);
  });

  it('leave out the structs that a built-in kind always has', () => {
    const given = new GivenStore();
    given.create('persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    expect(
      at(given.get('persistentvolumeclaims', 'c'), 'metadata.managedFields.0.fieldsV1'),
    ).toEqual({
      'f:spec': {
        'f:accessModes': {},
        'f:resources': { 'f:requests': { '.': {}, 'f:storage': {} } },
        'f:volumeMode': {},
      },
    });
  });
});
