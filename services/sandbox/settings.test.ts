import { expect, test } from 'vitest';

import { parseSettings } from '#shared/process/parse-settings.ts';
import { settingsSchema } from './settings.ts';

test('runs with nothing set, on any free port', () => {
  expect(parseSettings(settingsSchema, {})).toEqual({
    folder: '.rollcall/sandbox',
    port: 0,
    kubeconfig: '.rollcall/sandbox/kubeconfig',
    authorization: 'AlwaysAllow',
    webhookServices: {},
    keepsJournal: false,
    pods: true,
    bare: false,
    hpaIntervalMs: 5_000,
    hpaDownscaleWindowMs: 300_000,
  });
});

test('writes the kubeconfig where it is told to', () => {
  const env = { ROLLCALL_SANDBOX_DIR: '/data', ROLLCALL_SANDBOX_KUBECONFIG: '/k' };
  expect(parseSettings(settingsSchema, env)).toMatchObject({ folder: '/data', kubeconfig: '/k' });
});

test('refuses a port that is none', () => {
  const env = { ROLLCALL_SANDBOX_PORT: '70000' };
  expect(() => parseSettings(settingsSchema, env)).toThrow('ROLLCALL_SANDBOX_PORT');
});

test('wants a token for the audit log, and a place to send it with one', () => {
  const url = { ROLLCALL_SANDBOX_AUDIT_URL: 'http://127.0.0.1:1/hooks/audit' };
  const token = { ROLLCALL_SANDBOX_AUDIT_TOKEN_FILE: '/token' };
  expect(parseSettings(settingsSchema, { ...url, ...token })).toMatchObject({
    auditUrl: 'http://127.0.0.1:1/hooks/audit',
    auditTokenFile: '/token',
  });
  for (const half of [url, token]) {
    expect(() => parseSettings(settingsSchema, half)).toThrow('ROLLCALL_SANDBOX_AUDIT_TOKEN_FILE');
  }
});
