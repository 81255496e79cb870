import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { Health } from './health.ts';
import { openHealthServer } from './health-server.ts';
import { silentLogger } from './logger.ts';

const log = silentLogger();
const anyPort = { port: 0, host: '127.0.0.1' };

test('a service is alive at once, and ready when it has started', async () => {
  const health = new Health('watcher');
  await using server = await openHealthServer(anyPort, { health, log });
  expect(await ask(server.port, '/healthz')).toMatchObject({ status: 200, alive: true });
  expect(await ask(server.port, '/readyz')).toMatchObject({
    status: 503,
    ready: false,
    reasons: [{ check: 'phase', because: 'still starting' }],
  });
  health.becomes('standing by');
  expect(await ask(server.port, '/readyz')).toMatchObject({ status: 200, phase: 'standing by' });
});

test('readiness says in words what is wrong, and recovers by itself', async () => {
  const health = new Health('recorder');
  health.becomes('active');
  let problem: string | undefined = 'the log is 81 % full';
  health.check('log', () => problem);
  health.check('book', () => undefined);
  await using server = await openHealthServer(anyPort, { health, log });
  expect(await ask(server.port, '/readyz?verbose')).toMatchObject({
    status: 503,
    service: 'recorder',
    reasons: [{ check: 'log', because: 'the log is 81 % full' }],
  });
  problem = undefined;
  expect(await ask(server.port, '/readyz')).toMatchObject({ status: 200, reasons: [] });
});

test('a route that is added later is answered, and one that fails harms no other', async () => {
  const health = new Health('executor');
  await using server = await openHealthServer(anyPort, { health, log });
  health.add({
    path: '/metrics',
    answer: async () => ({ status: 200, type: 'application/json', body: '{"up":1}' }),
  });
  health.add({ path: '/broken', answer: () => Promise.reject(new Error('no')) });
  expect(await ask(server.port, '/metrics')).toMatchObject({ status: 200, up: 1 });
  expect((await fetch(`http://127.0.0.1:${server.port}/broken`)).status).toBe(500);
  expect((await fetch(`http://127.0.0.1:${server.port}/else`)).status).toBe(404);
  const post = await fetch(`http://127.0.0.1:${server.port}/healthz`, { method: 'POST' });
  expect(post.status).toBe(405);
});

test('a port that is taken is said in words', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const opening = openHealthServer(
    { port, host: '127.0.0.1' },
    { health: new Health('watcher'), log },
  );
  await expect(opening).rejects.toThrow(/ROLLCALL_HEALTH_PORT/);
  other.close();
});

async function ask(port: number, path: string): Promise<object> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  const body: unknown = await response.json();
  return { status: response.status, ...(typeof body === 'object' ? body : {}) };
}
