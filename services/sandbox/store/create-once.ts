import type { Caller, ResourcePath, Store } from './types.ts';

const installer: Caller = { user: 'system:apiserver', groups: ['system:masters'] };

/** Makes a cluster-scoped object of a new cluster, and leaves one that is there already alone. */
export function createdOrKept(
  store: Pick<Store, 'handle'>,
  resource: ResourcePath,
  body: unknown,
): void {
  const { code, body: answer } = store.handle({
    verb: 'create',
    resource,
    namespace: '',
    caller: installer,
    fieldManager: 'kube-apiserver',
    body,
  });
  if (code === 201 || code === 409) return;
  throw new Error(`making an object of a new cluster: ${JSON.stringify(answer)}`);
}
