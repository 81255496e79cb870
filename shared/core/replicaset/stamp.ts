import { effectAnnotation } from '#shared/contract/words.ts';
import { isRecord } from '#shared/lib/canonical.ts';

type Body = Readonly<Record<string, unknown>>;

export type VmiStamp = {
  readonly set: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly name: string;
  readonly effect: string;
};

/**
 * The VirtualMachineInstance to create, from the replica set's live template. Labels, annotations and
 * finalizers of the template travel; name, namespace and owner are ours.
 * Source: kubevirt replicaset.go, scale.
 */
export function stampVmi(template: Body, stamp: VmiStamp): Body {
  const metadata = isRecord(template['metadata']) ? template['metadata'] : {};
  const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {};
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: {
      name: stamp.name,
      namespace: stamp.set.namespace,
      labels: metadata['labels'] ?? {},
      annotations: { ...annotations, [effectAnnotation]: stamp.effect },
      ...(Array.isArray(metadata['finalizers']) && { finalizers: metadata['finalizers'] }),
      ownerReferences: [replicaSetOwner(stamp.set)],
    },
    spec: template['spec'] ?? {},
  };
}

/** The owner reference that makes a VMI a replica set's own. */
export function replicaSetOwner(set: { readonly name: string; readonly uid: string }): Body {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceReplicaSet',
    name: set.name,
    uid: set.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
