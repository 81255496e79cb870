import type { Measured, Measures } from '../hpa/evaluate-metrics.ts';
import type { Sample } from '../hpa/metric-replicas.ts';
import type { Clock, Store } from '../store/types.ts';
import { readLoads } from './loads.ts';

/** Over what time a value was measured; a real metrics server takes longer. */
export const windowMs = 5_000;

/** What the metrics APIs answer, without the way over HTTP. */
export function createMeasures(store: Store, clock: Clock): Measures {
  return {
    samplesOf(pods, measured) {
      const loads = readLoads(store);
      const knob = knobFor(measured);
      const samples = new Map<string, Sample>();
      for (const pod of pods) {
        const milli = loads.of(pod, knob);
        if (milli !== undefined)
          samples.set(pod.metadata.name, { milli, atMs: clock.now(), windowMs });
      }
      return samples;
    },
  };
}

/** A launcher pod has one container, so its usage is the pod's. */
function knobFor(measured: Measured): string {
  return measured.kind === 'pods' ? `metric.${measured.metric}` : measured.resource;
}
