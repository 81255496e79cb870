/** Names that stand in the cluster: other programs and people rely on each of them. */

/** Holds a pool, and each VM of it, until Rollcall has done its part (KubeVirt ≥ 1.7). */
export const poolFinalizer = 'pool.kubevirt.io/finalizer';

/** On a VM and its VMI template: the ControllerRevision that it was stamped from. */
export const revisionLabel = 'kubevirt.io/vm-pool-revision-name';

/** Carries the effect id on everything that Rollcall creates. */
export const effectAnnotation = 'rollcall.dev/effect';

/** On a VM that we put the pool finalizer on later: the uid of its pool, by which it is known once it has left. */
export const securedForAnnotation = 'rollcall.dev/secured-for';

/** `observe`, `advise` or `manage`, for one set. */
export const modeAnnotation = 'rollcall.dev/mode';

/** Stand in for spec.paused and spec.autohealing while KubeVirt's controllers run. */
export const pausedAnnotation = 'rollcall.dev/paused';
export const autohealingAnnotation = 'rollcall.dev/autohealing';

/** `delete` (default) or `keep`. */
export const scaleInDisksAnnotation = 'rollcall.dev/scale-in-disks';

/**
 * On a pool's VM: its disks outlive it. `true` is somebody's word for that one machine, whatever removes
 * it; an effect id is ours, written before a removal that keeps disks, and counts once the VM is going.
 */
export const keepDisksAnnotation = 'rollcall.dev/keep-disks';

/**
 * On a pool's VM that was made beside the others for a roll-out, and goes with its end: the effect id that made
 * it, as in `rollcall.dev/effect`. Any other value, such as one that a template carries, says nothing.
 */
export const extraAnnotation = 'rollcall.dev/extra';

/** Names the revision for which the pool's disks may be replaced after an edit of dataVolumeTemplates. */
export const replaceDisksAnnotation = 'rollcall.dev/replace-disks';

/** Names the revision whose template is to be written back into the pool. */
export const rollBackAnnotation = 'rollcall.dev/rollback-to';

/** Seconds that a roll-out may go without progress before it halts; 600 if not set. */
export const progressDeadlineAnnotation = 'rollcall.dev/progress-deadline';

/** What happens to a replica set whose volumes are not safe to share: `enforce`, `warn` or `ignore`. */
export const volumeSafetyAnnotation = 'rollcall.dev/volume-safety';

/** Every annotation of ours begins with it. */
export const annotationPrefix = 'rollcall.dev/';

/** Written on a replica set at first sight, as KubeVirt does. */
export const apiVersionAnnotations = {
  'kubevirt.io/latest-observed-api-version': 'v1',
  'kubevirt.io/storage-observed-api-version': 'v1',
} as const;

/** How Rollcall signs its writes. */
export const fieldManager = 'rollcall';

/** Components that stand as the source of events, as upstream names them. */
export const eventComponents = {
  VirtualMachinePool: 'virtualmachinepool-controller',
  VirtualMachineInstanceReplicaSet: 'virtualmachinereplicaset-controller',
} as const;

export const modes = ['observe', 'advise', 'manage'] as const;
/** observe: books only; advise: decides and records, applies nothing; manage: owns the set. */
export type Mode = (typeof modes)[number];

export function isMode(text: string | undefined): text is Mode {
  return modes.some((mode) => mode === text);
}
