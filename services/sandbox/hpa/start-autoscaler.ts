import type { KubeObject } from '../store/types.ts';
import { sizeOf } from './evaluate-metrics.ts';
import { autoscale } from './autoscale.ts';
import type { AutoscalerParts, Outcome } from './autoscale.ts';
import { autoscalerStatus } from './autoscaler-status.ts';
import {
  autoscalerCaller,
  autoscalerManager,
  autoscalers,
  listAutoscalers,
  targetPath,
} from './cluster.ts';
import { createNotices } from './notices.ts';
import { readAutoscaler } from './read-autoscaler.ts';
import type { Memory } from './scaling-rules.ts';

/**
 * Looks at every HorizontalPodAutoscaler once an interval and moves its target as Kubernetes would. What
 * it remembers for stabilisation begins anew with the process, as in Kubernetes. The answer stops it.
 */
export function startAutoscaler(parts: AutoscalerParts): () => void {
  const { store, clock, intervalMs } = parts;
  const memories = new Map<string, Memory>();
  const notices = createNotices(store, clock);
  const look = (object: KubeObject): void => {
    const { uid } = object.metadata;
    const memory = memories.get(uid) ?? firstMemory(parts, object);
    const outcome = autoscale(parts, readAutoscaler(object), memory ?? nothingYet);
    if (memory !== undefined) memories.set(uid, outcome.memory);
    for (const notice of outcome.notices) notices.post(object, notice);
    tell(parts, object, outcome);
  };
  let cancel: () => void = () => {};
  const turn = (): void => {
    const all = listAutoscalers(store).filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    );
    const living = new Set(all.map(({ metadata }) => metadata.uid));
    for (const uid of memories.keys()) if (!living.has(uid)) memories.delete(uid);
    for (const object of all) look(object);
    cancel = clock.after(intervalMs, turn);
  };
  cancel = clock.after(intervalMs, turn);
  return () => cancel();
}

const nothingYet: Memory = { recommendations: [], ups: [], downs: [] };

/**
 * The size that a target has when it is first seen counts as a wish, so that it does not shrink at once.
 * Nothing is remembered before there is a target: an autoscaler is often made first.
 */
function firstMemory({ store, clock }: AutoscalerParts, object: KubeObject): Memory | undefined {
  const { target } = readAutoscaler(object);
  const path = targetPath(store, target);
  const scale =
    path &&
    store.handle({
      verb: 'get',
      resource: path,
      namespace: object.metadata.namespace ?? '',
      caller: autoscalerCaller,
      name: target.name,
      subresource: 'scale',
    });
  if (scale?.code !== 200) return undefined;
  const wish = { replicas: sizeOf(scale.body), atMs: clock.now() };
  return { ...nothingYet, recommendations: [wish] };
}

function tell({ store, clock }: AutoscalerParts, object: KubeObject, outcome: Outcome): void {
  const time = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
  const status = autoscalerStatus(object, outcome, time);
  if (status === undefined) return;
  const { namespace = '', name } = object.metadata;
  store.handle({
    verb: 'patch',
    patch: 'merge',
    resource: autoscalers,
    namespace,
    caller: autoscalerCaller,
    fieldManager: autoscalerManager,
    name,
    subresource: 'status',
    body: { status },
  });
}
