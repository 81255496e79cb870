import { expect, test } from 'vitest';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { settingsSchema } from './settings.ts';

const needed = {
  NATS_URL: 'nats://gateway:x@127.0.0.1:4222',
  DATABASE_URL: 'postgres://rollcall_reader:x@127.0.0.1/rollcall',
  ROLLCALL_KUBECONFIG: '/kubeconfig',
};

test('without a word of the environment only this machine is listened to, and no hook is open', () => {
  const settings = parseSettings(settingsSchema, needed);
  expect(settings).toMatchObject({
    listen: { host: '127.0.0.1', port: 7480 },
    audit: { tokenFile: undefined },
    tlsFiles: undefined,
  });
});

test.for([
  ['0.0.0.0:443', { host: '0.0.0.0', port: 443 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
] as const)('listens at %s', ([text, listen]) => {
  expect(parseSettings(settingsSchema, { ...needed, ROLLCALL_GATEWAY_LISTEN: text })).toMatchObject(
    { listen },
  );
});

test.for([
  [{ ROLLCALL_GATEWAY_LISTEN: '7480' }, 'HOST:PORT'],
  [{ ROLLCALL_GATEWAY_TLS_CERT_FILE: '/tls.crt' }, 'belong together'],
] as const)('%j is refused in words', ([given, words]) => {
  expect(() => parseSettings(settingsSchema, { ...needed, ...given })).toThrow(words);
});
