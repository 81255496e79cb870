import { expect, test } from 'vitest';
import { cleanEnvironment } from './environment.mjs';

test('nothing of the shell points a process at a cluster, a server or a right', () => {
  const shell = {
    KUBECONFIG: '/prod',
    DATABASE_URL: 'postgres://prod',
    NATS_URL: 'nats://prod',
    NATS_MONITOR_URL: 'http://prod',
    PGPASSWORD: 'secret',
    ROLLCALL_MODE: 'manage',
    ROLLCALL_KUBECONFIG: '/prod',
    ROLLCALL_KUBEVIRT_CONTROLLERS: 'off',
  };
  expect(cleanEnvironment(shell)).toEqual({});
});

test('what is no concern of ours, and what tunes the services, passes', () => {
  const shell = {
    PATH: '/bin',
    HTTPS_PROXY: 'http://proxy',
    LOG_LEVEL: 'debug',
    ROLLCALL_ALLOW_LAZY_SYNC: '1',
    ROLLCALL_CREATES_IN_FLIGHT: '4',
  };
  expect(cleanEnvironment(shell)).toEqual(shell);
});
