import type { Connection } from '#shared/cluster/connection.ts';
import { haltedMachine } from './halted-pool.ts';
import type { Row } from './rows.ts';

/** Creates per second of plain calls, without any of Rollcall. */
export type RawRates = {
  readonly configMaps: number;
  /** Undefined where the server serves no VirtualMachine. */
  readonly machines: number | undefined;
};

/** As many as the executor has, and more: which one a server likes best is its own affair. */
const inFlight = [24, 64];

/** Fewer tell too little of the pauses of a server. */
const fewest = 500;

/**
 * How fast this server makes objects when a client does nothing but ask for them, over the very
 * connection that the executor uses: the best of several numbers of calls in flight.
 */
export async function rawRates(
  connection: Connection,
  { namespace, count }: { readonly namespace: string; readonly count: number },
): Promise<RawRates> {
  const wanted = { namespace, count: Math.max(fewest, count) };
  const maps = await best(connection, { ...wanted, kind: configMaps });
  if (maps === undefined) throw new Error('the server makes no ConfigMaps');
  return { configMaps: maps, machines: await best(connection, { ...wanted, kind: machines }) };
}

export function rawRows(rates: RawRates): readonly Row[] {
  const row = (what: string, rate: number | undefined): Row => ({
    what: `raw creates per second: ${what}`,
    value: rate === undefined ? 'not served' : rate.toFixed(0),
  });
  return [row('ConfigMaps', rates.configMaps), row('VirtualMachines', rates.machines)];
}

type RawKind = {
  readonly prefix: string;
  readonly plural: string;
  readonly object: (name: string, namespace: string) => unknown;
};

const configMaps: RawKind = {
  prefix: '/api/v1',
  plural: 'configmaps',
  object: (name, namespace) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    // About as much as a small machine.
    data: { text: 'x'.repeat(1_000) },
  }),
};

const machines: RawKind = {
  prefix: '/apis/kubevirt.io/v1',
  plural: 'virtualmachines',
  object: haltedMachine,
};

type RawRun = { readonly kind: RawKind; readonly namespace: string; readonly count: number };

/** Undefined when the server does not make this kind. */
async function best(connection: Connection, run: RawRun): Promise<number | undefined> {
  if ((await rateOf(connection, { ...run, count: 50, lanes: 8, name: 'warm' })) === undefined) {
    return undefined;
  }
  let rate = 0;
  for (const lanes of inFlight) {
    const found = await rateOf(connection, { ...run, lanes, name: `raw-${lanes}` });
    rate = Math.max(rate, found ?? 0);
    await removeAll(connection, run);
  }
  return rate;
}

async function rateOf(
  connection: Connection,
  run: RawRun & { readonly lanes: number; readonly name: string },
): Promise<number | undefined> {
  const { kind, namespace, count, lanes, name } = run;
  let next = 0;
  let isRefused = false;
  const lane = async (): Promise<void> => {
    while (next < count && !isRefused) {
      const body = kind.object(`${name}-${next}`, namespace);
      next += 1;
      const answer = await connection.call({
        method: 'POST',
        path: `${kind.prefix}/namespaces/${namespace}/${kind.plural}?fieldManager=rollcall-bench`,
        contentType: 'application/json',
        body,
        doing: `creating ${kind.plural}`,
      });
      if (answer.ok) continue;
      if (answer.failure.kind !== 'not-served' && answer.failure.kind !== 'not-found') {
        throw new Error(`the server refuses ${kind.plural}: ${answer.failure.reason}`);
      }
      isRefused = true;
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  return isRefused ? undefined : (count / (performance.now() - began)) * 1_000;
}

async function removeAll(connection: Connection, { kind, namespace }: RawRun): Promise<void> {
  const answer = await connection.call({
    method: 'DELETE',
    path: `${kind.prefix}/namespaces/${namespace}/${kind.plural}`,
    doing: `deleting all ${kind.plural}`,
    list: true,
  });
  if (!answer.ok) console.log(`the ${kind.plural} of ${namespace} are left behind`);
}
