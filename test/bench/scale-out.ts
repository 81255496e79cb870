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

/** One pool from nothing to so many, its cost to each process, and what it wrote. */
export async function scaleOutRows(stage: Stage, { size, raw }: ScaleOut): Promise<readonly Row[]> {
  const { rollcall, cluster, namespace } = stage;
  await stage.makePool('many');
  const ref = { kind: 'VirtualMachinePool', namespace, name: 'many' };
  const book = await bookRows(rollcall);
  await until('the book to be still', () => book.isStill(), { timeoutMs: 60_000 });
  const before = await book.count();
  const costsBefore = await costsOf(rollcall);
  using sightings = await watchCreations(cluster, namespace);
  const members = Array.from({ length: size }, (_, ordinal) => sightings.next(`many-${ordinal}`));
  const began = performance.now();
  await cluster.patch(ref, { type: 'merge', body: { spec: { replicas: size } } });
  const seconds = (Math.max(...(await Promise.all(members))) - began) / 1_000;
  await until('the book to be still', () => book.isStill(), { timeoutMs: 60_000 });
  const costs = await costRows(rollcall, costsBefore);
  const entries = (await book.count()) - before;
  const made = await stage.countMembers('many');
  return [
    { what: `creates per second, 0 → ${size}`, value: (size / seconds).toFixed(0) },
    ratioRow(size / seconds, raw),
    {
      what: 'members made, wanted',
      value: `${made}, ${size}`,
      target: { words: 'none twice', met: made === size },
    },
    ...(await writeRows(stage, { size, made })),
    { what: 'book entries per second, meanwhile', value: (entries / seconds).toFixed(0) },
    heading(`for 0 → ${size}, until the book was still:`),
    ...costs,
  ];
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
  { size, made }: { readonly size: number; readonly made: number },
): Promise<readonly Row[]> {
  const poolWrites = await stage.countPoolWrites('many');
  if (poolWrites === undefined) return [];
  const writes = (made + 1 + poolWrites - 2 + (await stage.countEvents('many'))) / size;
  return [
    {
      what: 'our writes for each member',
      value: writes.toFixed(3),
      target: atMost(writes, mostWrites),
    },
  ];
}
