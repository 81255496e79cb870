import { expect, it } from 'vitest';

import { definitionOfCrd } from './crd-definition.ts';

const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Cluster',
    names: { kind: 'Thing', plural: 'things' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        deprecated: true,
        deprecationWarning: 'use v2',
        schema: { openAPIV3Schema: { type: 'object' } },
      },
    ],
  },
};

it('fills in what a definition may leave out: list kind, singular, and the age as only column', () => {
  expect(definitionOfCrd(crd)).toMatchObject({
    listKind: 'ThingList',
    singular: 'thing',
    shortNames: [],
    categories: [],
    namespaced: false,
    custom: true,
    versions: [
      {
        deprecated: true,
        deprecationWarning: 'use v2',
        status: false,
        columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
      },
    ],
  });
  expect(definitionOfCrd(crd).versions[0]).not.toHaveProperty('scale');
});

it('says what is missing from a definition that does not fit', () => {
  const nameless = { ...crd, spec: { ...crd.spec, names: { plural: 'things' } } };
  expect(() => definitionOfCrd(nameless)).toThrow('CustomResourceDefinition: kind is missing');
});
