import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import type { Cluster, WatchItem } from './cluster.ts';
import { openCluster } from './kube-cluster.ts';

type Heard = {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};
type Handler = (heard: Heard, response: ServerResponse, request: IncomingMessage) => void;

type Rig = {
  readonly cluster: Cluster;
  readonly heard: Heard[];
  readonly writeKubeconfig: (user: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly folder: string;
  readonly sockets: () => number;
};

/** A server on loopback that answers as the test says, and a cluster that talks to it. */
async function rig(
  handler: Handler,
  times = { timeoutMs: 2_000, watchIdleMs: 2_000 },
): Promise<Rig> {
  const heard: Heard[] = [];
  let sockets = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const entry = { method, url: new URL(url, 'http://test'), headers, body };
      heard.push(entry);
      handler(entry, response, request);
    });
  });
  server.on('connection', () => (sockets += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-cluster-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const writeKubeconfig = async (user: Readonly<Record<string, unknown>>) => {
    const server = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
    const content = {
      clusters: [{ name: 'c', cluster: server }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    await writeFile(kubeconfig, JSON.stringify(content));
  };
  await writeKubeconfig({ token: 'first' });
  const cluster = await openCluster({ kubeconfig, userAgent: 'rollcall-test', ...times });
  onTestFinished(async () => {
    await cluster[Symbol.asyncDispose]();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });
  return { cluster, heard, writeKubeconfig, folder, sockets: () => sockets };
}

function send(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Discovery of a cluster that serves the older version of pools alone; true when it was asked for. */
function discovery({ url }: Heard, response: ServerResponse): boolean {
  const resources: Record<string, readonly string[]> = {
    '/api/v1': ['persistentvolumeclaims', 'persistentvolumes'],
    '/apis/apps/v1': ['controllerrevisions'],
    '/apis/kubevirt.io/v1': ['virtualmachines', 'virtualmachines/status'],
    '/apis/pool.kubevirt.io/v1alpha1': ['virtualmachinepools'],
  };
  if (!/^\/(api\/v1|apis\/[^/]+\/[^/]+)$/.test(url.pathname)) return false;
  const names = resources[url.pathname];
  if (names === undefined) send(response, { reason: 'NotFound' }, 404);
  else send(response, { resources: names.map((name) => ({ name })) });
  return true;
}

const vm = { kind: 'VirtualMachine', namespace: 'shop', name: 'web-0' };
const watchFrom = { resourceVersion: '7', timeoutSeconds: 300 };

async function watchAll(cluster: Cluster): Promise<WatchItem[]> {
  const signal = new AbortController().signal;
  const items: WatchItem[] = [];
  for await (const item of cluster.watch('VirtualMachine', watchFrom, signal)) items.push(item);
  return items;
}

function line(type: string, resourceVersion: string): string {
  return `${JSON.stringify({ type, object: { metadata: { name: 'é\u2028', resourceVersion } } })}\n`;
}

test.each([
  ['nowhere', /cannot be read/],
  ['empty', /has no cluster for the context "other"/],
])('a kubeconfig that is %s is refused with its name', async (name, problem) => {
  const { folder } = await rig(() => undefined);
  await writeFile(join(folder, 'empty'), '{}');
  const opening = openCluster({ kubeconfig: join(folder, name), context: 'other', userAgent: 't' });
  await expect(opening).rejects.toThrow(problem);
});

test('finds the served version of each kind, and uses it from then on', async () => {
  const { cluster, heard } = await rig((request, response) => {
    if (!discovery(request, response))
      send(response, { metadata: { resourceVersion: '5' }, items: [] });
  });
  const list = await cluster.list('VirtualMachinePool', { limit: 500, continue: 'a=b&c' });
  expect(list).toEqual({ ok: true, value: { items: [], resourceVersion: '5' } });
  const last = heard.at(-1)?.url;
  expect(last?.pathname).toBe('/apis/pool.kubevirt.io/v1alpha1/virtualmachinepools');
  expect(last?.searchParams.get('continue')).toBe('a=b&c');
  expect(last?.searchParams.has('resourceVersion')).toBe(false);
  const discovered = await cluster.discover();
  expect(discovered.ok && [...discovered.value]).toEqual([
    ['VirtualMachinePool', 'pool.kubevirt.io/v1alpha1'],
    ['VirtualMachine', 'kubevirt.io/v1'],
    ['PersistentVolumeClaim', 'v1'],
    ['PersistentVolume', 'v1'],
    ['ControllerRevision', 'apps/v1'],
  ]);
});

test('a group that cannot be asked for is a failure, not a missing kind', async () => {
  const { cluster } = await rig((request, response) => {
    if (request.url.pathname.includes('cdi')) send(response, {}, 503);
    else if (!discovery(request, response)) send(response, {}, 404);
  });
  expect(await cluster.discover()).toMatchObject({ ok: false, failure: { kind: 'unclear' } });
});

test('signs writes, names the patch type, and deletes only what it was told to', async () => {
  const { cluster, heard } = await rig((_request, response) => send(response, { metadata: {} }));
  await cluster.create({ kind: 'Event', metadata: { namespace: 'shop', name: 'e' } });
  await cluster.patch({ ...vm, subresource: 'status' }, { type: 'merge', body: { status: {} } });
  await cluster.patch(vm, { type: 'json', body: [{ op: 'remove', path: '/x' }] });
  const resourceVersion = resourceVersionSchema.parse('9');
  await cluster.remove(vm, { uid: uid('u1'), resourceVersion });
  const seen = heard.map(({ method, url, headers }) => [
    method,
    url.pathname + url.search,
    headers['content-type'],
  ]);
  const path = '/apis/kubevirt.io/v1/namespaces/shop/virtualmachines/web-0';
  expect(seen).toEqual([
    ['POST', '/api/v1/namespaces/shop/events?fieldManager=rollcall', 'application/json'],
    ['PATCH', `${path}/status?fieldManager=rollcall`, 'application/merge-patch+json'],
    ['PATCH', `${path}?fieldManager=rollcall`, 'application/json-patch+json'],
    ['DELETE', path, 'application/json'],
  ]);
  expect(JSON.parse(heard.at(-1)?.body ?? '')).toMatchObject({
    propagationPolicy: 'Background',
    preconditions: { uid: 'u1', resourceVersion: '9' },
  });
  expect(heard[0]?.headers).toMatchObject({
    authorization: 'Bearer first',
    'user-agent': 'rollcall-test',
  });
});

test('a version that is not served is looked up anew: KubeVirt may come later than we do', async () => {
  const pools = '/apis/pool.kubevirt.io/v1alpha1/namespaces/shop/virtualmachinepools/web';
  let isInstalled = false;
  const { cluster } = await rig((entry, response) => {
    if (isInstalled && discovery(entry, response)) return;
    if (isInstalled && entry.url.pathname === pools) send(response, { metadata: {} });
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
  });
  const pool = { kind: 'VirtualMachinePool', namespace: 'shop', name: 'web' };
  expect(await cluster.read(pool)).toMatchObject({ failure: { kind: 'not-served' } });
  isInstalled = true;
  expect(await cluster.read(pool)).toMatchObject({ ok: true });
});

test('uses few connections for many calls', async () => {
  const { cluster, sockets } = await rig((_request, response) => send(response, { metadata: {} }));
  await Promise.all(Array.from({ length: 300 }, () => cluster.read(vm)));
  expect(sockets()).toBeLessThanOrEqual(32);
});

test('honours Retry-After of a throttled call', async () => {
  const { cluster } = await rig((_request, response) => {
    response.setHeader('retry-after', '3');
    send(response, { reason: 'TooManyRequests' }, 429);
  });
  expect(await cluster.read(vm)).toMatchObject({
    failure: { kind: 'throttled', retryAfterMs: 3000 },
  });
});

test('reads rotated credentials again after a 401, a token file too, and asks once more', async () => {
  const { cluster, heard, writeKubeconfig, folder } = await rig(({ headers }, response) => {
    if (headers.authorization === 'Bearer second') send(response, { metadata: {} });
    else send(response, { reason: 'Unauthorized' }, 401);
  });
  await writeFile(join(folder, 'token'), 'second\n');
  await writeKubeconfig({ tokenFile: join(folder, 'token') });
  expect(await cluster.read(vm)).toMatchObject({ ok: true });
  await writeFile(join(folder, 'token'), 'third\n');
  expect(await cluster.read(vm)).toMatchObject({ ok: true });
  expect(heard).toHaveLength(3);
});

test('asks an exec plugin for its token, and again when the token is refused', async () => {
  const { cluster, heard, writeKubeconfig, folder } = await rig(({ headers }, response) => {
    if (headers.authorization === 'Bearer from-plugin') send(response, { metadata: {} });
    else send(response, { reason: 'Unauthorized' }, 401);
  });
  const script = join(folder, 'plugin.mjs');
  const credential = { kind: 'ExecCredential', status: { token: 'from-plugin' } };
  await writeFile(script, `console.log(${JSON.stringify(JSON.stringify(credential))})`);
  await writeKubeconfig({ exec: { command: process.execPath, args: [script] } });
  expect(await cluster.read(vm)).toMatchObject({ ok: true });
  expect(heard.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer first',
    'Bearer from-plugin',
  ]);
});

test('a 401 that stays is told, without asking for ever', async () => {
  const { cluster, heard } = await rig((_request, response) => send(response, {}, 401));
  expect(await cluster.read(vm)).toMatchObject({ failure: { kind: 'unauthorized' } });
  expect(await cluster.read(vm)).toMatchObject({ failure: { kind: 'unauthorized' } });
  expect(heard.length).toBeLessThanOrEqual(3);
});

test('a call without an answer in time is unclear, and so is a refused connection', async () => {
  const { cluster } = await rig(() => undefined, { timeoutMs: 100, watchIdleMs: 100 });
  expect(await cluster.read(vm)).toMatchObject({ failure: { kind: 'unclear', code: 0 } });
  const { cluster: cut } = await rig((_heard, _response, request) => request.socket.destroy());
  expect(await cut.read(vm)).toMatchObject({ failure: { kind: 'unclear', code: 0 } });
});

test('a watch gives its items in order and ends when the server ends it', async () => {
  const { cluster, heard } = await rig((_request, response) => {
    response.write(line('ADDED', '8').slice(0, 20));
    setImmediate(() => response.end(line('ADDED', '8').slice(20) + line('BOOKMARK', '9')));
  });
  const items = await watchAll(cluster);
  expect(items.map((item) => item.type)).toEqual(['ADDED', 'BOOKMARK']);
  expect(items[0]).toMatchObject({ object: { metadata: { name: 'é\u2028' } } });
  expect(Object.fromEntries(heard[0]?.url.searchParams ?? [])).toEqual({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: '7',
    timeoutSeconds: '300',
  });
});

test('a watch that is reset within a line ends unclear', async () => {
  const { cluster } = await rig((_request, response) => {
    response.write(line('ADDED', '8') + line('MODIFIED', '9').slice(0, 30));
    setTimeout(() => response.destroy(), 20);
  });
  expect(await watchAll(cluster)).toMatchObject([
    { type: 'ADDED' },
    { type: 'FAILED', failure: { kind: 'unclear' } },
  ]);
});

test('a watch that falls silent is given up', async () => {
  const silent: Handler = (_request, response) => void response.write(line('ADDED', '8'));
  const { cluster } = await rig(silent, { timeoutMs: 500, watchIdleMs: 100 });
  expect(await watchAll(cluster)).toMatchObject([
    { type: 'ADDED' },
    { type: 'FAILED', failure: { kind: 'unclear', reason: 'UND_ERR_BODY_TIMEOUT' } },
  ]);
});

test('a version that is too old is gone, by status and within the stream', async () => {
  const status = { kind: 'Status', reason: 'Expired', code: 410, message: 'too old: secret' };
  let turn = 0;
  const { cluster } = await rig((_request, response) => {
    turn += 1;
    if (turn === 1) send(response, status, 410);
    else response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
  });
  const gone = { type: 'FAILED', failure: { kind: 'gone', code: 410, reason: 'Expired' } };
  const first = await watchAll(cluster);
  expect(first).toMatchObject([gone]);
  expect(await watchAll(cluster)).toEqual(first);
  expect(JSON.stringify(first)).not.toContain('secret');
});

test('a line that is no event is told apart from a connection that broke', async () => {
  const { cluster } = await rig((_request, response) => void response.end('{"type":"ADDED"\n'));
  expect(await watchAll(cluster)).toMatchObject([
    { type: 'FAILED', failure: { kind: 'rejected', reason: 'MalformedLine' } },
  ]);
});

test('an aborted watch ends without a word', async () => {
  const { cluster } = await rig((_request, response) => void response.write(line('ADDED', '8')));
  const stop = new AbortController();
  const items: string[] = [];
  for await (const item of cluster.watch('VirtualMachine', watchFrom, stop.signal)) {
    items.push(item.type);
    stop.abort();
  }
  expect(items).toEqual(['ADDED']);
});
