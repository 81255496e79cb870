import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { secretsFromFiles } from './secrets-from-files.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-secrets-'));
  writeFileSync(join(folder, 'nats-url'), 'nats://watcher:secret@broker:4222\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

test('an address is read from the file that stands in for it, without its last newline', () => {
  const env = { NATS_URL_FILE: join(folder, 'nats-url'), LOG_LEVEL: 'info' };
  expect(secretsFromFiles(env)).toEqual({ ...env, NATS_URL: 'nats://watcher:secret@broker:4222' });
});

test('an environment without files stays as it is', () => {
  expect(secretsFromFiles({ DATABASE_URL: 'postgres://x', NATS_URL_FILE: '' })).toEqual({
    DATABASE_URL: 'postgres://x',
    NATS_URL_FILE: '',
  });
});

test('an address and a file for it are refused together', () => {
  const env = { NATS_URL: 'nats://other', NATS_URL_FILE: join(folder, 'nats-url') };
  expect(() => secretsFromFiles(env)).toThrow('NATS_URL and NATS_URL_FILE are both set');
});

test('a file that is not there is named', () => {
  const env = { DATABASE_URL_FILE: join(folder, 'missing') };
  expect(() => secretsFromFiles(env)).toThrow(/missing of DATABASE_URL_FILE cannot be read/);
});
