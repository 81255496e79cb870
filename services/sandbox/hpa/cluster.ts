import { isRecord } from '#shared/lib/canonical.ts';
import { textAt } from '../behaviour/read.ts';
import type { Caller, KubeObject, ResourcePath, Store, StoreAnswer } from '../store/types.ts';
import type { ScaleTarget } from './read-autoscaler.ts';

/** Kubernetes' own controller of this name, so that the audit log tells who scaled. */
export const autoscalerCaller: Caller = {
  user: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
};

export const autoscalerManager = 'kube-controller-manager';

export const autoscalers: ResourcePath = {
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
};
const pods: ResourcePath = { group: '', version: 'v1', plural: 'pods' };

export function listAutoscalers(store: Store): readonly KubeObject[] {
  return objectsOf(
    store.handle({
      verb: 'list',
      resource: autoscalers,
      namespace: '',
      caller: autoscalerCaller,
      options: {},
    }),
  );
}

/** The pods of a namespace that a selector in its text form picks. */
export function listPods(store: Store, namespace: string, labelSelector: string) {
  const options = { labelSelector };
  const asked = { verb: 'list', resource: pods, namespace, caller: autoscalerCaller } as const;
  return objectsOf(store.handle({ ...asked, options }));
}

/** Where a target is served: in the version that it is named by, if that is served. */
export function targetPath(
  store: Store,
  { apiVersion, kind }: ScaleTarget,
): ResourcePath | undefined {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const found = store.definitions().find((one) => one.group === group && one.kind === kind);
  if (found === undefined) return undefined;
  const served = found.versions.filter((one) => one.served);
  const chosen =
    served.find(({ name }) => name === version) ?? served.find(({ storage }) => storage);
  return chosen && { group, version: chosen.name, plural: found.plural };
}

/** The message of a refusal. */
export function refusalOf({ code, body }: StoreAnswer): string | undefined {
  return code < 300 ? undefined : (textAt(body, 'message') ?? `the answer was ${code}`);
}

function objectsOf({ code, body }: StoreAnswer): readonly KubeObject[] {
  if (code !== 200 || !isRecord(body) || !Array.isArray(body['items'])) return [];
  return body['items'].filter(isKubeObject);
}

export function isKubeObject(value: unknown): value is KubeObject {
  return isRecord(value) && isRecord(value['metadata']);
}
