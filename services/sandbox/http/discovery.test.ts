import { expect, test } from 'vitest';

import { aggregatedDiscovery, groupDocument, resourceList } from './discovery.ts';
import { namespaceDefinition, poolDefinition } from '#test/support/fake-store.ts';
import { servedGroups } from './group-versions.ts';
import { openapiDocuments, openapiIndex } from './openapi.ts';

const groups = servedGroups([poolDefinition, namespaceDefinition]);
const pools = groups[1];
const core = groups[0];

test('prefers the newest version and puts the core group first', () => {
  expect(groups.map(({ name }) => name)).toEqual(['', 'pool.kubevirt.io']);
  expect(pools && groupDocument(pools)).toMatchObject({
    kind: 'APIGroup',
    versions: [{ version: 'v1beta1' }, { version: 'v1alpha1' }],
    preferredVersion: { groupVersion: 'pool.kubevirt.io/v1beta1' },
  });
});

test('lists a custom resource with its subresources as a real server does', () => {
  const resources = pools?.versions[0]?.resources ?? [];
  expect(resourceList('pool.kubevirt.io/v1beta1', resources)).toMatchObject({
    kind: 'APIResourceList',
    apiVersion: 'v1',
    resources: [
      {
        name: 'virtualmachinepools',
        singularName: 'virtualmachinepool',
        shortNames: ['vmpool', 'vmpools'],
        storageVersionHash: 'Hlg7xrf5vL0=',
      },
      { name: 'virtualmachinepools/status', kind: 'VirtualMachinePool' },
      { name: 'virtualmachinepools/scale', kind: 'Scale', group: 'autoscaling', version: 'v1' },
    ],
  });
});

test('leaves the response kind of a built-in resource empty but for its kind', () => {
  expect(aggregatedDiscovery(core === undefined ? [] : [core])).toMatchObject({
    items: [
      {
        metadata: {},
        versions: [
          {
            version: 'v1',
            freshness: 'Current',
            resources: [
              {
                resource: 'namespaces',
                scope: 'Cluster',
                responseKind: { group: '', version: '', kind: 'Namespace' },
                verbs: expect.not.arrayContaining(['deletecollection']),
              },
            ],
          },
        ],
      },
    ],
  });
});

test('describes patches so that kubectl validates on the server and merges', () => {
  const documents = openapiDocuments(groups);
  expect(openapiIndex(documents)).toMatchObject({
    paths: { 'api/v1': {}, 'apis/pool.kubevirt.io/v1beta1': {} },
  });
  const document = documents.find(({ path }) => path === 'apis/pool.kubevirt.io/v1beta1');
  const path = '/apis/pool.kubevirt.io/v1beta1/namespaces/{namespace}/virtualmachinepools/{name}';
  expect(document?.body()).toMatchObject({
    paths: {
      [path]: {
        patch: {
          parameters: expect.arrayContaining([
            expect.objectContaining({ name: 'fieldValidation' }),
          ]),
          'x-kubernetes-group-version-kind': { kind: 'VirtualMachinePool' },
        },
      },
    },
    components: { schemas: { 'io.kubevirt.pool.v1beta1.VirtualMachinePool': {} } },
  });
});
