import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { loadCredentials, makeCredentials } from './certificates.ts';

const now = new Date('2026-11-21T04:00:00Z');

test('makes a server certificate that its authority signed for the loopback names', () => {
  const made = makeCredentials(now);
  const authority = new X509Certificate(made.authority);
  const server = new X509Certificate(made.certificate);
  expect(authority.ca).toBe(true);
  expect(server.ca).toBe(false);
  expect(server.checkIssued(authority)).toBe(true);
  expect(server.verify(authority.publicKey)).toBe(true);
  expect(server.checkHost('localhost')).toBe('localhost');
  expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(server.checkIP('::1')).toBe('::1');
  expect(server.subjectAltName).not.toContain('example');
});

test('is valid for ten years', () => {
  const server = new X509Certificate(makeCredentials(now).certificate);
  expect(server.validFromDate.getTime()).toBeLessThan(now.getTime());
  expect(server.validToDate.toISOString()).toBe('2036-11-21T04:00:00.000Z');
});

test('makes the credentials once and keeps the key to its owner', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-tls-'));
  try {
    const first = await loadCredentials(folder, now);
    const second = await loadCredentials(folder, new Date('2027-01-01T00:00:00Z'));
    expect(second).toEqual(first);
    expect((await stat(join(folder, 'server.key'))).mode & 0o777).toBe(0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
});
