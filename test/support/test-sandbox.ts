import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { silentLogger } from '#shared/process/logger.ts';
import type { Audit } from '../../services/sandbox/http/audit-trail.ts';
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
  /** Where webhooks reach services: `namespace/name` → an address. */
  readonly webhookServices?: Readonly<Record<string, string>>;
  /** Told of each request over HTTP. */
  readonly audit?: Audit;
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

/** How long the sandbox's own controllers take between a change and what follows from it. */
const shortMs = 200;

export type SteppedClock = Clock & {
  readonly nextSecond: () => void;
  /** Resolves when no short timer runs: what follows from the changes so far has happened. */
  readonly settled: () => Promise<void>;
};

/** Timers run as ever; the time that objects are stamped with stands still until it is moved. */
export function steppedClock(startMs: number): SteppedClock {
  let nowMs = startMs;
  const short = new Set<object>();
  return {
    now: () => nowMs,
    after: (ms, run) => {
      const mark = {};
      if (ms <= shortMs) short.add(mark);
      const timer = setTimeout(() => {
        run();
        short.delete(mark);
      }, ms);
      return () => {
        short.delete(mark);
        clearTimeout(timer);
      };
    },
    nextSecond: () => {
      nowMs += 1_000;
    },
    async settled() {
      while (short.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    },
  };
}
