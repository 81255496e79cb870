import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { apiClient } from '#test/support/transcript-client.ts';
import type { ApiClient, Sent } from '#test/support/transcript-client.ts';
import { openTestSandbox } from '#test/support/test-sandbox.ts';
import type { TestSandbox } from '#test/support/test-sandbox.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

function get(path: string, headers: Readonly<Record<string, string>> = {}): Sent {
  return { method: 'GET', path, headers };
}

function createConfigMap(name: string, data: Readonly<Record<string, string>> = {}): Sent {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
  return { method: 'POST', path: configMaps, headers: json, body };
}

const json = { 'content-type': 'application/json' };

describe('the HTTP server of the sandbox', () => {
  let sandbox: TestSandbox;
  let client: ApiClient;

  beforeAll(async () => {
    sandbox = await openTestSandbox({ controllers: false });
    client = apiClient(sandbox);
  });

  afterAll(async () => {
    client[Symbol.dispose]();
    await sandbox[Symbol.asyncDispose]();
  });

  test('refuses unknown tokens everywhere, and nobody but from what everybody may know', async () => {
    using stranger = apiClient({ ...sandbox, token: 'wrong' });
    using nobody = apiClient({ ...sandbox, token: '' });
    const unauthorized = { status: 401, body: { reason: 'Unauthorized', code: 401 } };
    expect(await stranger.send(get('/readyz'))).toMatchObject(unauthorized);
    expect(await nobody.send(get(configMaps))).toMatchObject(unauthorized);
    expect(await nobody.send(get('/readyz'))).toMatchObject({ status: 200, body: 'ok' });
    expect(await nobody.send(get('/version'))).toMatchObject({ status: 200, body: { major: '1' } });
  });

  test('lets only masters speak for others', async () => {
    const tokens: unknown = JSON.parse(await readFile(join(sandbox.folder, 'tokens.json'), 'utf8'));
    using watcher = apiClient({ ...sandbox, token: tokenIn(tokens, 'watcher') });
    expect(await watcher.send(get(configMaps))).toMatchObject({ status: 200 });
    const asAdmin = get(configMaps, { 'impersonate-user': 'admin' });
    expect(await watcher.send(asAdmin)).toMatchObject({
      status: 403,
      body: { reason: 'Forbidden' },
    });
  });

  test('keeps tokens and kubeconfigs to their owner', async () => {
    const { folder } = sandbox;
    for (const name of ['tokens.json', 'kubeconfig', 'kubeconfig-watcher', 'kubeconfig-executor']) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
  });

  test('names the manager of a write after the program that sent it', async () => {
    const sent = createConfigMap('managed');
    const made = await client.send({ ...sent, headers: { ...json, 'user-agent': 'some/1.0 (x)' } });
    expect(made).toMatchObject({
      status: 201,
      body: { metadata: { managedFields: [{ manager: 'some' }] } },
    });
  });

  test('refuses a body of more than 3 MB', async () => {
    const sent = createConfigMap('large', { a: 'x'.repeat(3 * 1024 * 1024) });
    expect(await client.send(sent)).toMatchObject({
      status: 413,
      body: { reason: 'RequestEntityTooLarge' },
    });
  });

  test('compresses a large answer for who can read it', async () => {
    await client.send(createConfigMap('big', { a: 'x'.repeat(200_000) }));
    const plain = await client.send(get(`${configMaps}/big`));
    const packed = await client.send(get(`${configMaps}/big`, { 'accept-encoding': 'gzip' }));
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.body).toEqual(plain.body);
  });

  test('sends a whole event before it ends a watch whose time is over', async () => {
    const watch = await client.watch(
      get(`${configMaps}?watch=1&resourceVersion=999999&timeoutSeconds=1`),
    );
    const marked = await client.watch(
      get(`${configMaps}?watch=1&allowWatchBookmarks=true&timeoutSeconds=1&labelSelector=none`),
    );
    await Promise.all([watch.reached(Infinity), marked.reached(Infinity)]);
    expect(watch.lines).toEqual([]);
    expect(marked.lines).toMatchObject([{ type: 'BOOKMARK' }]);
  });

  test('ends watches when it stops, and their clients are not left waiting', async () => {
    const own = await openTestSandbox({ controllers: false });
    using reader = apiClient(own);
    const watch = await reader.watch(get(`${configMaps}?watch=1`));
    await reader.send(createConfigMap('seen'));
    await watch.reached(1);
    await own[Symbol.asyncDispose]();
    await watch.reached(Infinity);
    expect(watch.lines).toMatchObject([{ type: 'ADDED', object: { metadata: { name: 'seen' } } }]);
  });
});

function tokenIn(tokens: unknown, name: string): string {
  const pairs = typeof tokens === 'object' && tokens !== null ? Object.entries(tokens) : [];
  return String(pairs.find(([key]) => key === name)?.[1]);
}

describe('the process of the sandbox', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rollcall-sandbox-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('keeps what it answered through kill -9, under the same certificate and tokens', async () => {
    const first = await startProcess(folder);
    const before = await accessOf(folder);
    using client = apiClient(before);
    const names = Array.from({ length: 200 }, (_, index) => `kept-${index}`);
    const made = await Promise.all(names.map((name) => client.send(createConfigMap(name))));
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(made.map(({ status }) => status)).toEqual(names.map(() => 201));

    const second = await startProcess(folder);
    try {
      const after = await accessOf(folder);
      expect(after.authority).toBe(before.authority);
      expect(after.token).toBe(before.token);
      using reader = apiClient(after);
      const found = await Promise.all(
        names.map((name) => reader.send(get(`${configMaps}/${name}`))),
      );
      expect(found.map(({ body }) => body)).toEqual(made.map(({ body }) => body));
    } finally {
      second.kill('SIGTERM');
      const [code] = await once(second, 'exit');
      expect(code).toBe(0);
    }
  }, 60_000);
});

async function startProcess(folder: string): Promise<ChildProcess> {
  const main = fileURLToPath(new URL('../../services/sandbox/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ROLLCALL_SANDBOX_DIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += String(chunk);
    if (printed.includes('"msg":"ready"')) return child;
  }
  throw new Error(`the sandbox did not become ready: ${printed}`);
}

async function accessOf(folder: string) {
  const text = await readFile(join(folder, 'kubeconfig'), 'utf8');
  const one = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';
  return {
    port: Number(one(/server: https:\/\/127\.0\.0\.1:(\d+)/)),
    authority: Buffer.from(one(/certificate-authority-data: (\S+)/), 'base64').toString('utf8'),
    token: one(/token: (\S+)/),
  };
}
