import { get } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { uid } from '#shared/contract/ids.ts';
import { systemClock } from '#shared/process/clock.ts';
import { Health } from '#shared/process/health.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { openStore } from '#shared/store/open-store.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import type { GatewayParts } from '../../services/gateway/open-gateway.ts';
import { openGateway } from '../../services/gateway/open-gateway.ts';
import { Intake } from '../../services/gateway/intake.ts';
import { makeCredentials } from '../../services/sandbox/http/certificates.ts';

/** The gateway with nothing behind it: no database at its address, an empty log. */

function openAlone(given: Partial<GatewayParts>) {
  const clock = systemClock;
  const log = new MemoryBroker({ now: () => 0 }).open();
  const { db } = openStore({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', name: 'test' });
  return openGateway({
    listen: { host: '127.0.0.1', port: 0 },
    db,
    access: {
      whose: async () => ({ ok: true, value: { name: 'admin', groups: [] } }),
      allows: async () => ({ ok: true, value: true }),
    },
    intake: new Intake({ log, clusterId: uid('c'), clock, mostInFlight: 10, patienceMs: 1_000 }),
    health: new Health('gateway'),
    clock,
    log: silentLogger(),
    ...given,
  });
}

test('while the book is away questions are answered with a 503 that says when to come again', async () => {
  await using gateway = await openAlone({});
  const headers = { authorization: 'Bearer any' };
  for (const path of ['sets', 'scale-operations', 'deleted-volumes', 'events']) {
    const response = await fetch(`${gateway.url}/v1/${path}`, { headers });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ detail: 'The book cannot be reached now.' });
  }
  const ready = await fetch(`${gateway.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    ready: false,
    reasons: [{ because: 'still starting' }],
  });
});

test('without a token of its own there is no audit hook', async () => {
  await using gateway = await openAlone({});
  expect((await fetch(`${gateway.url}/hooks/audit`, { method: 'POST' })).status).toBe(404);
});

test('with a certificate it speaks TLS and nothing else', async () => {
  const { certificate, key, authority } = makeCredentials(new Date());
  await using gateway = await openAlone({ tls: { cert: certificate, key } });
  expect(gateway.url).toMatch(/^https:/);
  const asked = get(`${gateway.url}/healthz`, { ca: authority });
  const [response]: [IncomingMessage] = await once(asked, 'response').then(([first]) => [first]);
  expect(response.statusCode).toBe(200);
  expect(await text(response)).toContain('"alive":true');
  await expect(fetch(`${gateway.url.replace('https', 'http')}/healthz`)).rejects.toThrow();
});
