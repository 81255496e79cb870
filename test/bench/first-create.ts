import { quantilesOf } from './rows.ts';
import type { Row } from './rows.ts';
import { watchCreations } from './sightings.ts';
import type { Stage } from './stage.ts';

const mostMs = { p50: 10, p99: 40 };

/** From the moment that a patch of replicas is sent to the sight of the first new member. */
export async function firstCreateRows(stage: Stage, patches: number): Promise<readonly Row[]> {
  const { cluster, namespace } = stage;
  await stage.makePool('latency');
  const ref = { kind: 'VirtualMachinePool', namespace, name: 'latency' };
  using sightings = await watchCreations(cluster, namespace);
  const times: number[] = [];
  for (let replicas = 1; replicas <= patches; replicas += 1) {
    const seen = sightings.next(`latency-${replicas - 1}`);
    const began = performance.now();
    const answer = await cluster.patch(ref, { type: 'merge', body: { spec: { replicas } } });
    if (!answer.ok) throw new Error(`the cluster refuses the patch: ${answer.failure.reason}`);
    times.push((await seen) - began);
  }
  const { p50, p99 } = quantilesOf(times);
  return [
    {
      what: 'patch → first create seen, p50 / p99',
      value: `${p50.toFixed(2)} / ${p99.toFixed(2)} ms`,
      target: {
        words: `at most ${mostMs.p50} / ${mostMs.p99} ms`,
        met: p50 <= mostMs.p50 && p99 <= mostMs.p99,
      },
    },
  ];
}
