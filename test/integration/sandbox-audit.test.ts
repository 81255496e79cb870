import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';

import { isRecord } from '#shared/lib/canonical.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { until } from '#test/support/until.ts';
import { openAuditSender } from '../../services/sandbox/audit/audit-sender.ts';
import type { AuditSender } from '../../services/sandbox/audit/audit-sender.ts';

/** The sender of audit events against a receiver that fails as receivers do. */

type Receiver = {
  readonly url: string;
  readonly batches: readonly (readonly unknown[])[];
  readonly authorizations: ReadonlySet<string | undefined>;
  /** What is answered next; 200 when none is left. */
  readonly answers: number[];
};

let open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open) await one[Symbol.asyncDispose]();
  open = [];
});

async function aReceiver(answers: number[] = []): Promise<Receiver> {
  const batches: (readonly unknown[])[] = [];
  const authorizations = new Set<string | undefined>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const code = answers.shift() ?? 200;
      authorizations.add(request.headers.authorization);
      if (code === 200) batches.push(itemsOf(Buffer.concat(chunks).toString()));
      if (code === 0) return response.destroy();
      response.writeHead(code).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.unshift({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  const { port } = addressOf(server.address());
  return { url: `http://127.0.0.1:${port}/hooks/audit`, batches, authorizations, answers };
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return address;
}

function itemsOf(text: string): readonly unknown[] {
  const list: unknown = JSON.parse(text);
  expect(list).toMatchObject({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1' });
  return isRecord(list) && Array.isArray(list['items']) ? list['items'] : [];
}

function aSender({ url }: Receiver): AuditSender {
  const sender = openAuditSender({ url, token: 't-1' }, silentLogger());
  open.unshift(sender);
  return sender;
}

function numbers(from: number, to: number): readonly { readonly n: number }[] {
  return Array.from({ length: to - from }, (_, index) => ({ n: from + index }));
}

test('events arrive in order, at most a hundred at a time, with the token', async () => {
  const receiver = await aReceiver();
  const sender = aSender(receiver);
  for (const event of numbers(0, 250)) sender.send(event);
  await until('all events', () => receiver.batches.flat().length === 250);
  expect(receiver.batches.flat()).toEqual(numbers(0, 250));
  expect(receiver.batches.map(({ length }) => length)).toEqual([100, 100, 50]);
  expect([...receiver.authorizations]).toEqual(['Bearer t-1']);
});

test('what is not taken is sent again, nothing is lost and nothing doubled', async () => {
  const receiver = await aReceiver([503, 0]);
  const sender = aSender(receiver);
  for (const event of numbers(0, 10)) sender.send(event);
  await until('a batch', () => receiver.batches.length > 0);
  expect(receiver.batches.flat()).toEqual(numbers(0, 10));
});

test('a batch that is refused for what it says does not hold up the next', async () => {
  const receiver = await aReceiver([400]);
  const sender = aSender(receiver);
  for (const event of numbers(0, 101)) sender.send(event);
  await until('a batch', () => receiver.batches.length > 0);
  expect(receiver.batches.flat()).toEqual([{ n: 100 }]);
});

test('while nobody listens the oldest ten thousand are kept, and stopping takes a moment only', async () => {
  const sender = openAuditSender({ url: 'http://127.0.0.1:1/', token: 't' }, silentLogger());
  for (const event of numbers(0, 12_000)) sender.send(event);
  const began = performance.now();
  await sender[Symbol.asyncDispose]();
  expect(performance.now() - began).toBeLessThan(5_000);
});

test('what waits is delivered before the sender is gone', async () => {
  const receiver = await aReceiver();
  const sender = openAuditSender({ url: receiver.url, token: 't-1' }, silentLogger());
  for (const event of numbers(0, 120)) sender.send(event);
  await sender[Symbol.asyncDispose]();
  expect(receiver.batches.flat()).toHaveLength(120);
});
