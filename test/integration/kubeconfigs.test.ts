import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import { openTestSandbox } from '../support/test-sandbox.ts';
import type { TestSandbox } from '../support/test-sandbox.ts';

/** Every way in which people's kubeconfigs lead to a cluster and say who they are. */

let sandbox: TestSandbox;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-kubeconfigs-'));
  sandbox = await openTestSandbox({ controllers: false, authorization: 'RBAC' });
  await writeFile(join(folder, 'ca.pem'), sandbox.authority);
});

afterAll(async () => {
  await sandbox?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

type Fields = Readonly<Record<string, unknown>>;

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function ask(cluster: Fields, user: Fields) {
  const file = join(folder, 'kubeconfig');
  const server = `https://127.0.0.1:${sandbox.port}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'here', cluster: { server, ...cluster } }],
    users: [{ name: 'me', user }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
  };
  await writeFile(file, JSON.stringify(config));
  await using access = await openCluster({ kubeconfig: file, userAgent: 'test' });
  return await access.list('VirtualMachine', { limit: 1 });
}

const trusted = () => ({ 'certificate-authority-data': base64(sandbox.authority) });
const byToken = () => ({ token: sandbox.token });

function byCertificate() {
  const { certificate, key } = sandbox.certify({ user: 'me', groups: ['system:masters'] });
  return { certificate, key };
}

test('a token, with the authority within the file or beside it', async () => {
  expect(await ask(trusted(), byToken())).toMatchObject({ ok: true });
  expect(await ask({ 'certificate-authority': 'ca.pem' }, byToken())).toMatchObject({ ok: true });
});

test('a server whose address ends in a slash, and one under another name', async () => {
  const server = `https://127.0.0.1:${sandbox.port}/`;
  expect(await ask({ ...trusted(), server }, byToken())).toMatchObject({ ok: true });
  const named = { ...trusted(), 'tls-server-name': 'localhost' };
  expect(await ask(named, byToken())).toMatchObject({ ok: true });
});

test('a server that is not checked, only where the file says so', async () => {
  expect(await ask({ 'insecure-skip-tls-verify': true }, byToken())).toMatchObject({ ok: true });
  expect(await ask({}, byToken())).toMatchObject({ ok: false, failure: { kind: 'unclear' } });
});

test('a client certificate, within the file or from an exec plugin', async () => {
  const { certificate, key } = byCertificate();
  const within = {
    'client-certificate-data': base64(certificate),
    'client-key-data': base64(key),
  };
  expect(await ask(trusted(), within)).toMatchObject({ ok: true });
  const status = { clientCertificateData: certificate, clientKeyData: key };
  const script = join(folder, 'plugin.mjs');
  const told = JSON.stringify({ kind: 'ExecCredential', status });
  await writeFile(script, `console.log(${JSON.stringify(told)})`);
  const apiVersion = 'client.authentication.k8s.io/v1';
  const exec = { apiVersion, command: process.execPath, args: [script] };
  expect(await ask(trusted(), { exec })).toMatchObject({ ok: true });
});

test('a token without rights is told as forbidden, a wrong one as unauthorized', async () => {
  const { certificate, key } = sandbox.certify({ user: 'nobody', groups: [] });
  const within = {
    'client-certificate-data': base64(certificate),
    'client-key-data': base64(key),
  };
  expect(await ask(trusted(), within)).toMatchObject({ failure: { kind: 'forbidden' } });
  const wrong = await ask(trusted(), { token: 'wrong' });
  expect(wrong).toMatchObject({ failure: { kind: 'unauthorized' } });
});

test('a proxy, and acting as somebody else, are refused in a sentence', async () => {
  const proxied = { ...trusted(), 'proxy-url': 'http://127.0.0.1:1' };
  await expect(ask(proxied, byToken())).rejects.toThrow(/names a proxy/);
  await expect(ask(trusted(), { ...byToken(), as: 'alice' })).rejects.toThrow(/acts as another/);
});
