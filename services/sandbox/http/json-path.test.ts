import { expect, test } from 'vitest';

import { jsonPath } from './json-path.ts';

const object = {
  metadata: { name: 'web', labels: { 'kubevirt.io/domain': 'a' } },
  status: {
    replicas: 0,
    conditions: [
      { type: 'Paused', status: 'False' },
      { type: 'Ready', status: 'True' },
    ],
    addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }],
  },
};

test.each([
  ['.metadata.name', ['web']],
  ['.status.replicas', [0]],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  ["['status'].conditions[?(@.type=='Ready')].status", ['True']],
  ['.status.addresses[*].ip', ['10.0.0.1', '10.0.0.2']],
  ['.status.addresses[1].ip', ['10.0.0.2']],
  ['.status.addresses[-1].ip', ['10.0.0.2']],
  [".metadata.labels['kubevirt.io/domain']", ['a']],
  [String.raw`.metadata.labels.kubevirt\.io/domain`, ['a']],
  ['.status.missing.deeper', []],
  ['.status.conditions[?(@.type=="Gone")].status', []],
  ['.status[', []],
])('%s', (path, found) => {
  expect(jsonPath(path)(object)).toEqual(found);
});
