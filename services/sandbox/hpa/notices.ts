import { createHash } from 'node:crypto';

import type { Clock, KubeObject, Store } from '../store/types.ts';
import type { Notice } from './autoscale.ts';
import { autoscalerCaller, autoscalerManager } from './cluster.ts';

const events = { group: '', version: 'v1', plural: 'events' } as const;
const component = 'horizontal-pod-autoscaler';

/** Posts Kubernetes Events about autoscalers; one that is said again counts up. */
export interface Notices {
  post(object: KubeObject, notice: Notice): void;
}

export function createNotices(store: Store, clock: Clock): Notices {
  const counts = new Map<string, number>();
  return {
    post(object, notice) {
      const { namespace = '', uid, name } = object.metadata;
      const time = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
      const key = createHash('sha256')
        .update(`${uid}/${notice.reason}/${notice.message}`)
        .digest('hex')
        .slice(0, 16);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      const write = { resource: events, namespace, caller: autoscalerCaller } as const;
      const common = { ...write, fieldManager: autoscalerManager } as const;
      const eventName = `${name}.${key}`;
      const body = { count, lastTimestamp: time };
      const again =
        count > 1 &&
        store.handle({ ...common, verb: 'patch', patch: 'merge', name: eventName, body }).code ===
          200;
      if (again) return;
      const event = eventFor(object, { notice, name: eventName, time, count });
      store.handle({ ...common, verb: 'create', body: event });
    },
  };
}

type Occurrence = {
  readonly notice: Notice;
  readonly name: string;
  readonly time: string;
  readonly count: number;
};

function eventFor(object: KubeObject, { notice, name, time, count }: Occurrence) {
  const { namespace, uid, resourceVersion } = object.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      name: object.metadata.name,
      namespace,
      uid,
      resourceVersion,
    },
    type: notice.type,
    reason: notice.reason,
    message: notice.message,
    count,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component },
    reportingComponent: component,
    reportingInstance: '',
  };
}
