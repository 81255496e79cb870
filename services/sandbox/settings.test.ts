import { expect, test } from 'vitest';

import { parseSettings } from '#shared/process/parse-settings.ts';
import { settingsSchema } from './settings.ts';

test('runs with nothing set, on any free port', () => {
  expect(parseSettings(settingsSchema, {})).toEqual({
    folder: '.rollcall/sandbox',
    port: 0,
    kubeconfig: '.rollcall/sandbox/kubeconfig',
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
