import type { Caller, DeleteOptions, KubeObject, Store, StoreRequest } from '../store/types.ts';
import { type LiveKind, placeOf, resourceOf } from './kinds.ts';

/** Milliseconds until the object is looked at again; undefined: when something changes. */
export type Next = number | undefined;

/** Who wrote, as it stands in managedFields. */
export type Manager =
  | 'virt-controller'
  | 'virt-handler'
  | 'cdi-controller'
  | 'kube-controller-manager'
  | 'kubelet'
  | 'sandbox-provisioner';

export type NewObject = {
  readonly namespace: string;
  readonly body: Readonly<Record<string, unknown>>;
};

/** The writes behaviour needs. Each says when to look again; a success tells itself as a change. */
export interface Hands {
  create(kind: LiveKind, manager: Manager, object: NewObject): Next;
  /** A merge patch. */
  patch(object: KubeObject, manager: Manager, body: unknown): Next;
  patchStatus(object: KubeObject, manager: Manager, status: unknown): Next;
  remove(object: KubeObject, manager: Manager): Next;
  /** Without the grace period that a pod has; what a node does when the pod has shut down. */
  removeNow(object: KubeObject, manager: Manager): Next;
}

const caller: Caller = {
  user: 'system:serviceaccount:kubevirt:kubevirt-controller',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kubevirt', 'system:authenticated'],
};

export function createHands(store: Store): Hands {
  const ask = (request: StoreRequest): Next => lookAgainAfter(store.handle(request).code);
  const common = (kind: LiveKind, namespace: string, manager: Manager) => ({
    resource: resourceOf(kind),
    namespace,
    caller,
    fieldManager: manager,
  });
  const target = (object: KubeObject, manager: Manager) => {
    const place = placeOf(object);
    if (place === undefined) throw new Error(`${object.kind} has no behaviour`);
    return { ...common(place.kind, place.namespace, manager), name: place.name };
  };
  return {
    create: (kind, manager, { namespace, body }) =>
      ask({ ...common(kind, namespace, manager), verb: 'create', body }),
    patch: (object, manager, body) =>
      ask({ ...target(object, manager), verb: 'patch', patch: 'merge', body }),
    patchStatus: (object, manager, status) =>
      ask({
        ...target(object, manager),
        verb: 'patch',
        patch: 'merge',
        subresource: 'status',
        body: { status },
      }),
    remove: (object, manager) =>
      ask({ ...target(object, manager), verb: 'delete', options: removalOf(object) }),
    removeNow: (object, manager) =>
      ask({
        ...target(object, manager),
        verb: 'delete',
        options: { ...removalOf(object), gracePeriodSeconds: 0 },
      }),
  };
}

function removalOf({ metadata: { uid } }: KubeObject): DeleteOptions {
  return { preconditions: { uid }, propagationPolicy: 'Background' };
}

/** A refusal (a quota, a terminating namespace) may pass; a conflict passes at once. */
function lookAgainAfter(code: number): Next {
  if (code < 300 || code === 404) return undefined;
  return code === 409 ? 20 : 1000;
}
