import { expect, test } from 'vitest';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { settingsSchema } from './settings.ts';

const needed = {
  NATS_URL: 'nats://watcher:secret@127.0.0.1:4222',
  ROLLCALL_KUBECONFIG: '/etc/rollcall/kubeconfig',
  ROLLCALL_DIGEST_KEY_FILE: '/etc/rollcall/key',
};

test('needs a broker, a kubeconfig and a key, and has a default for the rest', () => {
  expect(parseSettings(settingsSchema, needed)).toMatchObject({
    cluster: { kubeconfig: '/etc/rollcall/kubeconfig', watchIdleMs: 150_000 },
    surveyEachMs: 6 * 3600_000,
    pageSize: 500,
    limits: { inFlight: 4096, held: 20_000 },
  });
  expect(() => parseSettings(settingsSchema, {})).toThrow(/ROLLCALL_KUBECONFIG/);
});

test('KUBECONFIG alone never leads to a cluster', () => {
  const { ROLLCALL_KUBECONFIG: _none, ...rest } = needed;
  expect(() =>
    parseSettings(settingsSchema, { ...rest, KUBECONFIG: '/root/.kube/config' }),
  ).toThrow(/ROLLCALL_KUBECONFIG/);
});
