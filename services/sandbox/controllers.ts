import { auditController } from './audit/create-audit.ts';
import { startBehaviour } from './behaviour/start-behaviour.ts';
import { startAutoscaler } from './hpa/start-autoscaler.ts';
import type { AggregatedApi } from './http/aggregated.ts';
import type { Audit } from './http/audit-trail.ts';
import { customMetrics } from './metrics-api/custom-metrics.ts';
import { createMeasures } from './metrics-api/measures.ts';
import { resourceMetrics } from './metrics-api/resource-metrics.ts';
import type { Clock, Store } from './store/types.ts';

export type ControllerOptions = {
  /** Launcher pods on nodes, with metrics and autoscaling; without them only machines and disks live. */
  readonly pods: boolean;
  /** Kubernetes' own controllers alone, without KubeVirt's, CDI's and the autoscaler. */
  readonly bare: boolean;
  readonly hpaIntervalMs: number;
  readonly hpaDownscaleWindowMs: number;
};

type Surroundings = { readonly store: Store; readonly clock: Clock; readonly audit?: Audit };

/** What Kubernetes' own controllers and metrics servers call themselves. */
const autoscalerAgent =
  'kube-controller-manager/v1.36.2 (linux/amd64) kubernetes/sandbox/system:serviceaccount:kube-system:horizontal-pod-autoscaler';

/** Starts all that lives in a cluster; the answer stops it. */
export function startControllers(
  { store, clock, audit }: Surroundings,
  { pods, bare, hpaIntervalMs, hpaDownscaleWindowMs }: ControllerOptions,
): () => void {
  const stopBehaviour = startBehaviour(store, clock, { pods: pods && !bare, bare });
  if (!pods || bare) return stopBehaviour;
  const stopAutoscaler = startAutoscaler({
    store,
    clock,
    measures: createMeasures(store, clock),
    intervalMs: hpaIntervalMs,
    downscaleWindowMs: hpaDownscaleWindowMs,
    ...(audit && { wrote: auditController(audit, clock, autoscalerAgent) }),
  });
  return () => {
    stopAutoscaler();
    stopBehaviour();
  };
}

/** The metrics of pods, for those who ask over HTTP. */
export function metricsApis(store: Store, clock: Clock): readonly AggregatedApi[] {
  return [resourceMetrics(store, clock), customMetrics(store, clock)];
}
