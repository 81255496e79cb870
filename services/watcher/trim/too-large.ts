import type { Observable } from '#shared/contract/objects.ts';
import { unreachable } from '#shared/lib/assert.ts';

/** A message carries 1 MB, of characters that may take three bytes. An object as usual makes 1 KB. */
const mostChars = 300_000;

const problem = 'the object is too large to be handled';

/**
 * The object as it is, or without what people can make arbitrarily large: a set then has a problem in
 * place of its template, so nobody acts on it. One object must not stop the telling of all others.
 */
export function boundSize(object: Observable): Observable {
  if (JSON.stringify(object).length <= mostChars) return object;
  const { owners, finalizers, ...rest } = object.meta;
  const meta = {
    ...rest,
    labels: {},
    annotations: {},
    owners: owners.slice(0, 20),
    finalizers: finalizers.slice(0, 20),
  };
  switch (object.kind) {
    case 'VirtualMachinePool': {
      const { scaleIn: _scaleIn, update: _update, ...pool } = object;
      const { template: _template, selector: _selector, ...slim } = pool;
      return { ...slim, meta, status: {}, problem };
    }
    case 'VirtualMachineInstanceReplicaSet': {
      const { template: _template, selector: _selector, ...slim } = object;
      return { ...slim, meta, status: {}, problem };
    }
    case 'VirtualMachine': {
      const { vmiLabels: _labels, nodeSelector: _nodes, ...slim } = object;
      return { ...slim, meta };
    }
    case 'VirtualMachineInstance':
    case 'DataVolume':
    case 'PersistentVolumeClaim':
    case 'PersistentVolume':
    case 'ControllerRevision':
      return { ...object, meta };
    default:
      return unreachable(object);
  }
}
