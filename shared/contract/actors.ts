/** The service account as which kube-controller-manager scales. */
const autoscaler = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler';

/** The service account of the part that deletes what was owned by something that is gone. */
const garbageCollector = 'system:serviceaccount:kube-system:generic-garbage-collector';

/**
 * A user name as people call it. Service accounts of the control plane and of Rollcall are named for
 * what they are; every other name stands as it is, for it is what was proven.
 */
export function actorInWords(actor: string): string {
  if (actor === autoscaler) return 'horizontal pod autoscaler';
  if (actor === garbageCollector) return 'garbage collector';
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(actor);
  if (account === null) return actor;
  const [, namespace = '', name = ''] = account;
  const ours = /^(?:rollcall-)?(watcher|reconciler|executor|recorder|gateway)$/.exec(name)?.[1];
  const isOurs = namespace === 'rollcall-system' || name.startsWith('rollcall-');
  if (ours !== undefined && isOurs) return `rollcall ${ours}`;
  return `service account ${namespace}/${name}`;
}
