import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { silentLogger } from '#shared/process/logger.ts';
import type { Clock } from '../../services/sandbox/store/types.ts';
import { openSandbox } from '../../services/sandbox/open-sandbox.ts';
import type { Sandbox } from '../../services/sandbox/open-sandbox.ts';

export type TestSandboxOptions = {
  /** A folder of CRD manifests that stands in for ours. */
  readonly crds?: string;
  /** Whether VMs come up and disks are bound; a recording without controllers needs none. */
  readonly controllers: boolean;
  readonly clock?: Clock;
  /** Rights as the Roles say; everyone may do everything when left out. */
  readonly authorization?: 'AlwaysAllow' | 'RBAC';
};

/** A sandbox of a test's own, in this process, on a free port, with its data in a folder that goes. */
export type TestSandbox = AsyncDisposable & {
  readonly folder: string;
  readonly port: number;
  readonly authority: string;
  /** The admin's. */
  readonly token: string;
  readonly kubeconfig: string;
  readonly certify: Sandbox['certify'];
};

export async function openTestSandbox(options: TestSandboxOptions): Promise<TestSandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-sandbox-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const sandbox = await openSandbox({ folder, port: 0, kubeconfig, ...options }, silentLogger());
  return {
    folder,
    kubeconfig,
    port: sandbox.port,
    authority: sandbox.authority,
    certify: sandbox.certify,
    token: sandbox.users.find(({ name }) => name === 'admin')?.token ?? '',
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Timers run as ever; the time that objects are stamped with stands still until it is moved. */
export function steppedClock(startMs: number): Clock & { readonly nextSecond: () => void } {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    nextSecond: () => {
      nowMs += 1_000;
    },
  };
}
