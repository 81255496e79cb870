import { resourceVersionSchema, uid, type Uid } from '#shared/contract/ids.ts';
import { apiVersionOf, type Kind } from '#shared/contract/kinds.ts';
import type {
  Claim,
  DataVolume,
  Meta,
  Observable,
  Owner,
  Pool,
  ReplicaSet,
  Revision,
  Template,
  TemplateDigest,
  Vm,
  Vmi,
  Volume,
} from '#shared/contract/objects.ts';
import {
  apiVersionAnnotations,
  effectAnnotation,
  poolFinalizer,
  revisionLabel,
} from '#shared/contract/words.ts';

/** Objects for tests: everything has a plain default, a test spells out what it is about. */

export type MetaOptions = {
  readonly namespace?: string;
  readonly uid?: string;
  readonly version?: number;
  readonly generation?: number;
  readonly deleted?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly owner?: Observable;
  readonly createdAt?: string;
  /** Effect id that made it. */
  readonly effect?: string;
};

export const labels = { app: 'web' } as const;

export function aMeta(kind: Kind, name: string, options: MetaOptions = {}): Meta {
  const { owner, effect } = options;
  return {
    namespace: options.namespace ?? 'default',
    name,
    uid: uid(options.uid ?? `${kind}:${name}`),
    resourceVersion: resourceVersionSchema.parse(`${options.version ?? 10}`),
    ...(options.generation !== undefined && { generation: options.generation }),
    createdAt: options.createdAt ?? '2026-01-01T00:00:00Z',
    ...(options.deleted === true && { deletedAt: '2026-01-02T00:00:00Z' }),
    labels: { ...options.labels },
    annotations: {
      ...options.annotations,
      ...(effect !== undefined && { [effectAnnotation]: effect }),
    },
    finalizers: [...(options.finalizers ?? [])],
    owners: owner === undefined ? [] : [ownerOf(owner)],
  };
}

export function aDigest(content = 'v1', keyId = 'key'): TemplateDigest {
  const hash = hexOf(content);
  return {
    keyId,
    algorithm: 1,
    metadata: hash,
    spec: hash,
    vmiMetadata: hash,
    vmiSpec: hash,
    volumes: {},
  };
}

export function aTemplate(
  options: Partial<Template> & { readonly content?: string } = {},
): Template {
  const { content, ...fields } = options;
  return {
    digest: aDigest(content),
    labels,
    vmiLabels: labels,
    disks: [],
    claims: [],
    ...fields,
  };
}

/** A template whose members make disks of these names and use them. */
export function aTemplateWithDisks(...names: readonly string[]): Template {
  return aTemplate({
    disks: names.map((name) => ({ name, storageClass: 'fast', size: '1Gi' })),
    claims: names.map((name) => ({ kind: 'DataVolume', name })),
  });
}

type SetOptions<T> = MetaOptions & Partial<Omit<T, 'meta' | 'kind'>> & { readonly name?: string };

/** A pool `web` of three, with our finalizer. */
export function aPool(options: SetOptions<Pool> = {}): Pool {
  const { name = 'web' } = options;
  return {
    kind: 'VirtualMachinePool',
    meta: aMeta('VirtualMachinePool', name, {
      generation: 1,
      finalizers: [poolFinalizer],
      ...options,
    }),
    ...setFields(options),
    ...given(options, ['scaleIn', 'update', 'healing', 'maxUnavailable', 'minReadySeconds']),
    present: [...(options.present ?? [])],
  };
}

/** A replica set `ci` of three, with KubeVirt's annotations. */
export function aReplicaSet(options: SetOptions<ReplicaSet> = {}): ReplicaSet {
  const { name = 'ci', annotations } = options;
  return {
    kind: 'VirtualMachineInstanceReplicaSet',
    meta: aMeta('VirtualMachineInstanceReplicaSet', name, {
      generation: 1,
      ...options,
      annotations: { ...apiVersionAnnotations, ...annotations },
    }),
    ...setFields(options),
    ...given(options, ['minReadySeconds']),
  };
}

/** Those of the named fields that a test has given. */
function given<T extends object, K extends keyof T>(
  options: T,
  fields: readonly K[],
): { [F in K]?: Exclude<T[F], undefined> } {
  const found: { [F in K]?: Exclude<T[F], undefined> } = {};
  for (const field of fields) {
    const value = options[field];
    if (isGiven(value)) found[field] = value;
  }
  return found;
}

function isGiven<T>(value: T): value is Exclude<T, undefined> {
  return value !== undefined;
}

function setFields(
  options: SetOptions<Pool> | SetOptions<ReplicaSet>,
): Omit<ReplicaSet, 'kind' | 'meta'> {
  const { replicas = 3, template, problem } = options;
  return {
    replicas,
    paused: options.paused ?? false,
    selector: options.selector ?? { matchLabels: labels },
    template: template ?? aTemplate(),
    ...(problem !== undefined && { problem }),
    status: options.status ?? {},
  };
}

/** The revision that a pool's template is kept in. */
export function aRevision(
  options: MetaOptions & {
    readonly name?: string;
    readonly digest?: TemplateDigest;
    readonly revision?: number;
  } = {},
): Revision {
  const { name = 'web-1', digest = aDigest(), revision = 1 } = options;
  return {
    kind: 'ControllerRevision',
    meta: aMeta('ControllerRevision', name, { owner: aPool(), ...options }),
    revision,
    digest,
  };
}

/** A ready VM of pool `web`, stamped from its first revision. */
export function aVm(
  name: string,
  options: MetaOptions & Partial<Omit<Vm, 'meta' | 'kind'>> & { readonly revision?: string } = {},
): Vm {
  return {
    kind: 'VirtualMachine',
    meta: aMeta('VirtualMachine', name, {
      owner: aPool(),
      finalizers: [poolFinalizer, 'kubevirt.io/virtualMachineControllerFinalize'],
      ...options,
      labels: { ...labels, [revisionLabel]: options.revision ?? 'web-1', ...options.labels },
    }),
    disks: [...(options.disks ?? [])],
    claims: [...(options.claims ?? [])],
    ready: options.ready ?? { status: 'True' },
    vmiLabels: { [revisionLabel]: options.revision ?? 'web-1', ...options.vmiLabels },
    ...given(options, ['nodeSelector', 'printableStatus', 'consecutiveFailCount', 'runStrategy']),
  };
}

/** A VM that nobody owns and that was never of a pool. */
export function aForeignVm(name: string, options: MetaOptions = {}): Vm {
  const { vmiLabels: _, ...vm } = aVm(name, options);
  const own = {
    owners: [],
    finalizers: [...(options.finalizers ?? [])],
    labels: { ...options.labels },
  };
  return { ...vm, meta: { ...vm.meta, ...own } };
}

/** A running, ready VMI of replica set `ci`. */
export function aVmi(
  name: string,
  options: MetaOptions & Partial<Omit<Vmi, 'meta' | 'kind'>> = {},
): Vmi {
  return {
    kind: 'VirtualMachineInstance',
    meta: aMeta('VirtualMachineInstance', name, { owner: aReplicaSet(), labels, ...options }),
    phase: options.phase ?? 'Running',
    claims: [...(options.claims ?? [])],
    ready: options.ready ?? { status: 'True' },
  };
}

export function aDataVolume(
  name: string,
  options: MetaOptions & Partial<Omit<DataVolume, 'meta' | 'kind'>> = {},
): DataVolume {
  const { claimName } = options;
  return {
    kind: 'DataVolume',
    meta: aMeta('DataVolume', name, options),
    storageClass: 'fast',
    size: '1Gi',
    phase: 'Succeeded',
    ...(claimName !== undefined && { claimName }),
  };
}

export function aClaim(
  name: string,
  options: MetaOptions & Partial<Omit<Claim, 'meta' | 'kind'>> = {},
): Claim {
  const { volumeName } = options;
  return {
    kind: 'PersistentVolumeClaim',
    meta: aMeta('PersistentVolumeClaim', name, options),
    storageClass: 'fast',
    size: '1Gi',
    phase: 'Bound',
    ...(volumeName !== undefined && { volumeName }),
  };
}

export function aVolume(name: string, options: MetaOptions = {}): Volume {
  return {
    kind: 'PersistentVolume',
    meta: aMeta('PersistentVolume', name, { namespace: '', ...options }),
    storageClass: 'fast',
    size: '1Gi',
  };
}

/** A VM with one disk, and the DataVolume, the claim and the volume behind it. */
export function aVmWithDisk(
  name: string,
  disk: string,
  options: MetaOptions = {},
): readonly Observable[] {
  const vm = aVm(name, {
    disks: [{ name: disk }],
    claims: [{ kind: 'DataVolume', name: disk }],
    ...options,
  });
  const dataVolume = aDataVolume(disk, { owner: vm });
  const claim = aClaim(disk, { owner: dataVolume, volumeName: `pv-${disk}` });
  return [vm, dataVolume, claim, aVolume(`pv-${disk}`)];
}

/** The same object, changed, one version later. */
export function later<T extends Observable>(
  object: T,
  meta: Partial<Meta>,
  fields?: Partial<T>,
): T {
  const resourceVersion = resourceVersionSchema.parse(`${Number(object.meta.resourceVersion) + 1}`);
  return { ...object, ...fields, meta: { ...object.meta, ...meta, resourceVersion } };
}

/** The same object with a deletionTimestamp. */
export function terminating<T extends Observable>(object: T): T {
  return later(object, { deletedAt: '2026-01-02T00:00:00Z' });
}

/** Many VMs of a pool, `web-<from>` up to but not `web-<to>`. */
export function vms(
  from: number,
  to: number,
  options: Parameters<typeof aVm>[1] = {},
): readonly Vm[] {
  return Array.from({ length: to - from }, (_, at) => aVm(`web-${from + at}`, options));
}

function ownerOf(owner: Observable): Owner {
  const { name, uid: ownerUid }: { name: string; uid: Uid } = owner.meta;
  return {
    apiVersion: apiVersionOf(owner.kind),
    kind: owner.kind,
    name,
    uid: ownerUid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

function hexOf(content: string): string {
  return Array.from({ length: content.length }, (_, at) => content.charCodeAt(at).toString(16))
    .join('')
    .padEnd(64, '0')
    .slice(0, 64);
}
