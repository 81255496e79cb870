import { expect, test } from 'vitest';

import { shapesOf } from './media-types.ts';

const json = { kind: 'plain', format: 'json' };

test('offers JSON to who asks for nothing, for anything, or for protobuf first', () => {
  expect(shapesOf(undefined)).toEqual([json]);
  expect(shapesOf('*/*')).toEqual([json]);
  expect(shapesOf('application/vnd.kubernetes.protobuf,application/json')).toEqual([json]);
});

test('understands the forms that kubectl asks for, in their order', () => {
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  expect(shapesOf(`${table},application/json`)).toEqual([{ kind: 'table' }, json]);
  expect(shapesOf('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1')).toEqual([
    { kind: 'partial', list: true },
  ]);
  expect(shapesOf('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')).toEqual([
    { kind: 'aggregated-discovery' },
  ]);
});

test('offers nothing for forms and versions it cannot make', () => {
  expect(shapesOf('application/xml')).toEqual([]);
  expect(shapesOf('application/json;as=Table;v=v9;g=meta.k8s.io')).toEqual([]);
  expect(
    shapesOf('application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'),
  ).toEqual([]);
});
