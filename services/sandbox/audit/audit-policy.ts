/** How much of a request the audit log keeps. */
export type Level = 'None' | 'Metadata' | 'RequestResponse';

export type Subject = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
};

/** What sets are, are made of and are sized by. */
const told: ReadonlySet<string> = new Set([
  'pool.kubevirt.io/virtualmachinepools',
  'kubevirt.io/virtualmachineinstancereplicasets',
  'kubevirt.io/virtualmachines',
  'kubevirt.io/virtualmachineinstances',
  'cdi.kubevirt.io/datavolumes',
  '/persistentvolumeclaims',
  'autoscaling/horizontalpodautoscalers',
]);

const writes: ReadonlySet<string> = new Set([
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
]);

/** What programs write all day and what says nothing about who wanted what. */
const noise: ReadonlySet<string> = new Set(['coordination.k8s.io/leases', '/events']);

/**
 * Writes of our kinds whole, other writes without bodies, reads not at all. Status is written by controllers
 * only, so its bodies are left out.
 */
export function levelOf({ verb, group, resource, subresource }: Subject): Level {
  const kind = `${group}/${resource}`;
  if (!writes.has(verb) || noise.has(kind)) return 'None';
  return told.has(kind) && subresource !== 'status' ? 'RequestResponse' : 'Metadata';
}
