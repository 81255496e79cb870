import { until } from '../support/until.ts';
import { bookRows } from './book-rows.ts';
import { costRows, costsOf } from './cost-rows.ts';
import type { RawRates } from './raw-rate.ts';
import { atLeast, atMost, heading } from './rows.ts';
import type { Row } from './rows.ts';
import { watchCreations } from './sightings.ts';
import type { Stage } from './stage.ts';

const leastRatio = 0.9;
const mostWrites = 1.1;

export type ScaleOut = { readonly size: number; readonly raw: RawRates };

/**
 * Two pools, one after the other, from nothing to so many: the first finds processes that have just
 * started and compile as they go, the second finds them as they are after a while.
 */
export async function scaleOutRows(stage: Stage, scaleOut: ScaleOut): Promise<readonly Row[]> {
  const { size, raw } = scaleOut;
  const first = await fill(stage, { pool: 'first', size });
  const { rate, costs, entryRate, made, writes } = await fill(stage, { pool: 'many', size });
  return [
    { what: `creates per second, 0 → ${size}, freshly started`, value: first.rate.toFixed(0) },
    { what: `creates per second, 0 → ${size}, warm`, value: rate.toFixed(0) },
    ratioRow(rate, raw),
    {
      what: 'members made, wanted',
      value: `${made}, ${size}`,
      target: { words: 'none twice', met: made === size },
    },
    ...writes,
    { what: 'book entries per second, meanwhile', value: entryRate.toFixed(0) },
    heading(`for 0 → ${size}, warm, until the book was still:`),
    ...costs,
  ];
}

/** One pool from nothing to so many, its cost to each process, and what it wrote. */
async function fill(
  stage: Stage,
  { pool, size }: { readonly pool: string; readonly size: number },
) {
  const { rollcall, cluster, namespace } = stage;
  await stage.makePool(pool);
  const ref = { kind: 'VirtualMachinePool', namespace, name: pool };
  const book = await bookRows(rollcall);
  await until('the book to be still', () => book.isStill(), { timeoutMs: 60_000 });
  const before = await book.count();
  const costsBefore = await costsOf(rollcall);
  using sightings = await watchCreations(cluster, namespace);
  const members = Array.from({ length: size }, (_, at) => sightings.next(`${pool}-${at}`));
  const began = performance.now();
  await cluster.patch(ref, { type: 'merge', body: { spec: { replicas: size } } });
  const seconds = (Math.max(...(await Promise.all(members))) - began) / 1_000;
  await until('the book to be still', () => book.isStill(), { timeoutMs: 60_000 });
  const costs = await costRows(rollcall, costsBefore);
  const entries = (await book.count()) - before;
  const made = await stage.countMembers(pool);
  const writes = await writeRows(stage, { pool, size, made });
  return { rate: size / seconds, entryRate: entries / seconds, costs, made, writes };
}

/** Against the same kind of object where the server has it, for that is what the pool is made of. */
function ratioRow(rate: number, { configMaps, machines }: RawRates): Row {
  const ratio = rate / (machines ?? configMaps);
  const kind = machines === undefined ? 'ConfigMaps' : 'VirtualMachines';
  return {
    what: `our rate as a part of the raw rate of ${kind}`,
    value: ratio.toFixed(2),
    target: atLeast(ratio, leastRatio),
  };
}

/** Members, their revision, the writes to the pool that are not the bench's own two, and the events. */
async function writeRows(
  stage: Stage,
  { pool, size, made }: { readonly pool: string; readonly size: number; readonly made: number },
): Promise<readonly Row[]> {
  const poolWrites = await stage.countPoolWrites(pool);
  if (poolWrites === undefined) return [];
  const writes = (made + 1 + poolWrites - 2 + (await stage.countEvents(pool))) / size;
  return [
    {
      what: 'our writes for each member',
      value: writes.toFixed(3),
      target: atMost(writes, mostWrites),
    },
  ];
}
