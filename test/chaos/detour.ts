import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFaultProxy } from '../support/fault-proxy.ts';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { until } from '../support/until.ts';
import type { Drill } from './drill.ts';

/** The services that speak with the API server. */
const travellers = ['watcher', 'executor'] as const;

/**
 * Puts a fault proxy between the services and the sandbox; kubectl keeps the straight way. The services'
 * kubeconfigs are changed under them, which holds until the sandbox starts anew and writes them again.
 */
export async function takeDetour(drill: Drill): Promise<FaultProxy> {
  const folder = join(drill.rollcall.home, 'sandbox');
  const straight = /server: (https:\/\/\S+)/.exec(
    readFileSync(drill.rollcall.kubeconfig, 'utf8'),
  )?.[1];
  if (straight === undefined) throw new Error('the kubeconfig names no server');
  const proxy = await startFaultProxy({ folder, port: Number(new URL(straight).port) });
  for (const name of travellers) {
    const file = join(folder, `kubeconfig-${name}`);
    writeFileSync(file, readFileSync(file, 'utf8').replace(straight, proxy.url));
    const before = drill.log(name).length;
    await drill.kill(name);
    await until(`${name} to come back`, () =>
      drill.log(name).slice(before).includes('"msg":"ready"'),
    );
  }
  return proxy;
}
