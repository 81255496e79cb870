import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { Agent } from 'undici';
import { expect, test, vi } from 'vitest';
import { exchange } from './exchange.ts';

const bounds = { withinMs: 5_000, mostBytes: 1_000 };

test('an answer is its status, its headers and its whole text', async () => {
  await using server = await serve((request, response) => {
    request.pipe(response.writeHead(201, { 'retry-after': '7' }));
  });
  const answer = await server.post('grüße');
  expect(answer).toMatchObject({ status: 201, headers: { 'retry-after': '7' }, text: 'grüße' });
});

test('an answer that is too long is told without its text', async () => {
  await using server = await serve((_, response) => response.end('x'.repeat(5_000)));
  expect(await server.post('')).toMatchObject({ status: 200, text: undefined });
});

test('an answer that breaks off is none', async () => {
  await using server = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 10 }).write('half', () => response.destroy());
  });
  await expect(server.post('')).rejects.toThrow();
});

test('what still waits for a connection when its time is over is never sent', async () => {
  const seen: string[] = [];
  const letGo = Promise.withResolvers<void>();
  await using server = await serve((request, response) => {
    seen.push(request.headers['x-name']?.toString() ?? '');
    void letGo.promise.then(() => response.end());
  });
  const first = server.post('', { name: 'first' });
  await vi.waitUntil(() => seen.length === 1, { timeout: 4_000 });
  const late = server.post('', { name: 'late', withinMs: 20 });
  await expect(late).rejects.toMatchObject({ name: 'TimeoutError' });
  letGo.resolve();
  await first;
  await server.post('', { name: 'next' });
  expect(seen).toEqual(['first', 'next']);
});

/** A server, and a client with one connection to it. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const agent = new Agent({ connections: 1 });
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    post: (body: string, { name = '', withinMs = bounds.withinMs } = {}) =>
      exchange(
        agent,
        { origin, path: '/', method: 'POST', headers: { 'x-name': name }, body },
        { ...bounds, withinMs },
      ),
    async [Symbol.asyncDispose]() {
      await agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
