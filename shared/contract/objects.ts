import { z } from 'zod';
import { instantSchema, nameSchema, resourceVersionSchema, timeSchema, uidSchema } from './ids.ts';

/**
 * What the watcher forwards of a Kubernetes object: an allow-list, so that no template, no cloud-init
 * password and no foreign annotation ever reaches the log. Everything here is in clear and
 * safe to show; what may be secret is only present as a keyed digest.
 */

const labelsSchema = z.record(z.string(), z.string());

export const ownerSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: uidSchema,
  controller: z.boolean().optional(),
  blockOwnerDeletion: z.boolean().optional(),
});
export type Owner = z.infer<typeof ownerSchema>;

/** Who wrote a field last, as far as managedFields tell. */
export const writerSchema = z.strictObject({
  manager: z.string(),
  operation: z.string(),
  subresource: z.string().optional(),
  time: timeSchema.optional(),
});
export type Writer = z.infer<typeof writerSchema>;

export const metaSchema = z.strictObject({
  namespace: nameSchema,
  name: nameSchema.min(1),
  uid: uidSchema,
  resourceVersion: resourceVersionSchema,
  generation: z.int().optional(),
  createdAt: instantSchema,
  /** metadata.deletionTimestamp: the object is terminating. */
  deletedAt: timeSchema.optional(),
  labels: labelsSchema,
  /** Only keys below `rollcall.dev/` and the few that parity needs. */
  annotations: labelsSchema,
  finalizers: z.array(z.string()),
  owners: z.array(ownerSchema),
  /** Which allow-list it was trimmed by; absent is the first. A later one tells more of a same version. */
  form: z.int().optional(),
});
export type Meta = z.infer<typeof metaSchema>;

/** The allow-list of today. Raised when objects that nobody writes have to be told anew. */
export const currentForm = 2;

const hmacSchema = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * A template as keyed HMACs of its parts. Two digests are comparable only under the same `keyId` and
 * `algorithm`; under another key the answer is "unknown", never "changed".
 */
export const templateDigestSchema = z.strictObject({
  keyId: z.string(),
  algorithm: z.int(),
  /** Labels and annotations of the VM; absent for a replica set, which has no VM. */
  metadata: hmacSchema.optional(),
  /** The VM spec without dataVolumeTemplates and template; absent for a replica set. */
  spec: hmacSchema.optional(),
  vmiMetadata: hmacSchema,
  vmiSpec: hmacSchema,
  /** By name of the dataVolumeTemplate. */
  volumes: z.record(z.string(), hmacSchema),
});
export type TemplateDigest = z.infer<typeof templateDigestSchema>;

export const diskTemplateSchema = z.strictObject({
  name: z.string(),
  storageClass: z.string().optional(),
  size: z.string().optional(),
});

/** A volume of a VM that is a claim: by DataVolume, or by PersistentVolumeClaim. */
export const claimRefSchema = z.strictObject({
  kind: z.enum(['DataVolume', 'PersistentVolumeClaim']),
  name: z.string(),
});
export type ClaimRef = z.infer<typeof claimRefSchema>;

/** What decisions need of a template in clear. */
export const templateSchema = z.strictObject({
  digest: templateDigestSchema,
  /** VM labels for a pool, VMI labels for a replica set: what the selector must match. */
  labels: labelsSchema,
  vmiLabels: labelsSchema,
  /** Prefix of member names of a replica set: template name, or generateName, or the set's name. */
  namePrefix: z.string().optional(),
  /** The VMI template's nodeSelector: where members are allowed to run. */
  nodeSelector: labelsSchema.optional(),
  runStrategy: z.string().optional(),
  disks: z.array(diskTemplateSchema),
  claims: z.array(claimRefSchema),
});
export type Template = z.infer<typeof templateSchema>;

export const selectorSchema = z.strictObject({
  matchLabels: labelsSchema.optional(),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string(),
        operator: z.string(),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});
export type Selector = z.infer<typeof selectorSchema>;

export const conditionSchema = z.strictObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
  lastTransitionTime: z.string().optional(),
});
export type Condition = z.infer<typeof conditionSchema>;

/** The fields of a set's status that we write or compare. Absent means that the cluster lacks it. */
export const setStatusSchema = z.strictObject({
  replicas: z.int().optional(),
  readyReplicas: z.int().optional(),
  availableReplicas: z.int().optional(),
  updatedReplicas: z.int().optional(),
  observedGeneration: z.int().optional(),
  labelSelector: z.string().optional(),
  /** The revision that most members stand at before a roll-out, and the one that it leads to. */
  currentRevision: z.string().optional(),
  updateRevision: z.string().optional(),
  conditions: z.array(conditionSchema).optional(),
});
export type SetStatus = z.infer<typeof setStatusSchema>;

/** spec.replicas. Both CRDs say int32, and the book's columns hold no more. */
export const sizeSchema = z.int32();

/** A number of members, or a share of the wanted size such as `25%`. */
export const amountSchema = z.union([z.int(), z.string()]);
export type Amount = z.infer<typeof amountSchema>;

export const sortPolicies = [
  'AscendingOrder',
  'DescendingOrder',
  'Newest',
  'Oldest',
  'Random',
] as const;
export type SortPolicy = (typeof sortPolicies)[number];

/**
 * Which members come first, and which may be taken at all. An unknown sort policy reads as none. The
 * selectors are kept as they stand: one whose operator nobody knows must not read as "all".
 */
export const selectionSchema = z.strictObject({
  sort: z.enum(sortPolicies).optional(),
  /** Compared with the labels of the member's VMI template. */
  labels: selectorSchema.optional(),
  /** Compared with the nodeSelector of the member's VMI template; all must hold. */
  nodes: z
    .array(
      z.strictObject({
        key: z.string(),
        operator: z.string(),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});
export type Selection = z.infer<typeof selectionSchema>;

export const preservations = ['Disabled', 'Offline', 'Online'] as const;

/** spec.scaleInStrategy, of which one member is set. */
export const scaleInSchema = z.strictObject({
  type: z.enum(['proactive', 'opportunistic', 'unmanaged']),
  preservation: z.enum(preservations).optional(),
  selection: selectionSchema.optional(),
});
export type ScaleIn = z.infer<typeof scaleInSchema>;

/** spec.updateStrategy, in KubeVirt's words or in `type` RollingUpdate and OnDelete. */
export const updateSchema = z.strictObject({
  type: z.enum(['proactive', 'opportunistic', 'unmanaged', 'on-delete']),
  selection: selectionSchema.optional(),
  /** Of rollingUpdate; goes before the one of the spec. */
  maxUnavailable: amountSchema.optional(),
  maxSurge: amountSchema.optional(),
});
export type Update = z.infer<typeof updateSchema>;

/** spec.autohealing. Absent numbers mean 3 failures and 5 minutes; an absent record means off. */
export const healingSchema = z.strictObject({
  failures: z.int().optional(),
  failingMs: z.int().optional(),
});
export type Healing = z.infer<typeof healingSchema>;

const setFields = {
  meta: metaSchema,
  /** As it stands in the spec; absent means 1. */
  replicas: sizeSchema.optional(),
  paused: z.boolean(),
  /** How long a member must have been ready before it counts as available; absent means 0. */
  minReadySeconds: z.int().optional(),
  selector: selectorSchema.optional(),
  /** Absent when the object has no usable template; `problem` then says why. */
  template: templateSchema.optional(),
  /** Why the spec cannot be acted on, for people: e.g. both spellings of the template at once. */
  problem: z.string().optional(),
  status: setStatusSchema,
  /** When KubeVirt's own controller last wrote the status, as managedFields tell: whole seconds. */
  kubevirtWroteAt: timeSchema.optional(),
  /** Who wrote spec.replicas last. */
  replicasBy: writerSchema.optional(),
  /** Who made the object: the oldest entry of managedFields. */
  createdBy: writerSchema.optional(),
} as const;

export const poolSchema = z.strictObject({
  kind: z.literal('VirtualMachinePool'),
  ...setFields,
  nameGeneration: z
    .strictObject({
      appendIndexToConfigMapRefs: z.boolean().optional(),
      appendIndexToSecretRefs: z.boolean().optional(),
      setHostnameToVMName: z.boolean().optional(),
    })
    .optional(),
  scaleIn: scaleInSchema.optional(),
  update: updateSchema.optional(),
  /** spec.maxUnavailable; absent means 100%. */
  maxUnavailable: amountSchema.optional(),
  healing: healingSchema.optional(),
  /** Names of further fields of the spec that are set: scaleInStrategy, autohealing, updateStrategy … */
  present: z.array(z.string()),
});
export type Pool = z.infer<typeof poolSchema>;

export const replicaSetSchema = z.strictObject({
  kind: z.literal('VirtualMachineInstanceReplicaSet'),
  ...setFields,
});
export type ReplicaSet = z.infer<typeof replicaSetSchema>;

const readySchema = z.strictObject({
  status: z.string(),
  reason: z.string().optional(),
  lastProbeTime: z.string().nullable().optional(),
  lastTransitionTime: z.string().nullable().optional(),
});

export const vmSchema = z.strictObject({
  kind: z.literal('VirtualMachine'),
  meta: metaSchema,
  /** Labels of its VMI template: what selection policies look at, and what the next VMI gets. */
  vmiLabels: labelsSchema.optional(),
  /** nodeSelector of its VMI template, not the node that it runs on. */
  nodeSelector: labelsSchema.optional(),
  runStrategy: z.string().optional(),
  disks: z.array(diskTemplateSchema),
  claims: z.array(claimRefSchema),
  printableStatus: z.string().optional(),
  ready: readySchema.optional(),
  consecutiveFailCount: z.int().optional(),
});
export type Vm = z.infer<typeof vmSchema>;

export const vmiSchema = z.strictObject({
  kind: z.literal('VirtualMachineInstance'),
  meta: metaSchema,
  phase: z.string().optional(),
  nodeName: z.string().optional(),
  claims: z.array(claimRefSchema),
  ready: readySchema.optional(),
});
export type Vmi = z.infer<typeof vmiSchema>;

export const dataVolumeSchema = z.strictObject({
  kind: z.literal('DataVolume'),
  meta: metaSchema,
  storageClass: z.string().optional(),
  size: z.string().optional(),
  phase: z.string().optional(),
  claimName: z.string().optional(),
});
export type DataVolume = z.infer<typeof dataVolumeSchema>;

export const claimSchema = z.strictObject({
  kind: z.literal('PersistentVolumeClaim'),
  meta: metaSchema,
  storageClass: z.string().optional(),
  size: z.string().optional(),
  phase: z.string().optional(),
  /** Name of the PersistentVolume it is bound to. */
  volumeName: z.string().optional(),
});
export type Claim = z.infer<typeof claimSchema>;

export const volumeSchema = z.strictObject({
  kind: z.literal('PersistentVolume'),
  meta: metaSchema,
  storageClass: z.string().optional(),
  size: z.string().optional(),
  reclaimPolicy: z.string().optional(),
  phase: z.string().optional(),
  claim: z
    .strictObject({ namespace: z.string(), name: z.string(), uid: uidSchema.optional() })
    .optional(),
});
export type Volume = z.infer<typeof volumeSchema>;

export const revisionSchema = z.strictObject({
  kind: z.literal('ControllerRevision'),
  meta: metaSchema,
  revision: z.int(),
  /** Digest of the template kept in the revision's data; the data itself never leaves the cluster. */
  digest: templateDigestSchema.optional(),
});
export type Revision = z.infer<typeof revisionSchema>;

export const observableSchema = z.discriminatedUnion('kind', [
  poolSchema,
  replicaSetSchema,
  vmSchema,
  vmiSchema,
  dataVolumeSchema,
  claimSchema,
  volumeSchema,
  revisionSchema,
]);
/** Any object as the watcher forwards it. */
export type Observable = z.infer<typeof observableSchema>;
/** A pool or a replica set. */
export type ScaledSet = Pool | ReplicaSet;
/** A VM of a pool, or a VMI of a replica set. */
export type Member = Vm | Vmi;
