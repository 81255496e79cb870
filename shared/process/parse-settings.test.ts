import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseSettings, SettingsError } from './parse-settings.ts';

const schema = z.object({
  NATS_URL: z.url(),
  ROLLCALL_MODE: z.enum(['observe', 'manage']).default('observe'),
});

test('fills in defaults and takes an empty variable as absent', () => {
  expect(
    parseSettings(schema, { NATS_URL: 'nats://127.0.0.1:4222', ROLLCALL_MODE: '', HOME: '/' }),
  ).toEqual({ NATS_URL: 'nats://127.0.0.1:4222', ROLLCALL_MODE: 'observe' });
});

test('lists every fault by the name of its variable, and repeats no value', () => {
  const parse = () => parseSettings(schema, { NATS_URL: 'hunter2', ROLLCALL_MODE: 'all' });
  expect(parse).toThrow(SettingsError);
  expect(parse).toThrow(/NATS_URL: .*ROLLCALL_MODE: /);
  expect(parse).not.toThrow(/hunter2/);
});
