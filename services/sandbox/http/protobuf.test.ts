import { expect, test } from 'vitest';

import { decodeProtobuf, ProtobufError } from './protobuf.ts';

/** As `kubectl create namespace foo` sends it. */
const namespace = Buffer.from(
  'k8s\x00\n\x0f\n\x02v1\x12\tNamespace\x12\x1b\n\x13\n\x03foo\x12\x00\x1a\x00"\x00*\x002\x008\x00B\x00\x12\x00\x1a\x02\n\x00\x1a\x00"\x00',
  'latin1',
);

/** As `kubectl create configmap c --from-literal=a=b` sends it. */
const configMap = Buffer.from(
  'k8s\x00\n\x0f\n\x02v1\x12\tConfigMap\x12\x1b\n\x11\n\x01c\x12\x00\x1a\x00"\x00*\x002\x008\x00B\x00\x12\x06\n\x01a\x12\x01b\x1a\x00"\x00',
  'latin1',
);

const secret = Buffer.from(
  'k8s\x00\n\x0c\n\x02v1\x12\x06Secret\x12\x1d\n\x11\n\x01s\x12\x00\x1a\x00"\x00*\x002\x008\x00B\x00\x12\x06\n\x01a\x12\x01b\x1a\x00\x1a\x00"\x00',
  'latin1',
);

test('reads what kubectl makes by itself', () => {
  expect(decodeProtobuf(namespace)).toEqual({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'foo' },
  });
  expect(decodeProtobuf(configMap)).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
    data: { a: 'b' },
  });
});

test('keeps the bytes of a secret in base64', () => {
  expect(decodeProtobuf(secret)).toMatchObject({ kind: 'Secret', data: { a: 'Yg==' } });
});

test('does not read other kinds and other formats', () => {
  const daemons = Buffer.from('k8s\x00\n\x14\n\x07apps/v1\x12\tDaemonSet\x12\x00', 'latin1');
  expect(decodeProtobuf(daemons)).toBeUndefined();
  expect(decodeProtobuf(Buffer.from('{}'))).toBeUndefined();
});

test('says so when the bytes end too early', () => {
  expect(() => decodeProtobuf(namespace.subarray(0, 30))).toThrow(ProtobufError);
});
