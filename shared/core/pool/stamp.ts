import {
  effectAnnotation,
  extraAnnotation,
  poolFinalizer,
  revisionLabel,
} from '#shared/contract/words.ts';
import { isRecord } from '#shared/lib/canonical.ts';

type Body = Readonly<Record<string, unknown>>;

/** Names of the pool's dataVolumeTemplates. */
type OwnDisks = ReadonlySet<string | undefined>;

/** What makes one member of a pool differ from the next. */
export type VmStamp = {
  readonly pool: OwnerPool & { readonly namespace: string };
  readonly name: string;
  readonly ordinal: number;
  /** Name of the ControllerRevision that the template stands in. */
  readonly revision: string;
  readonly effect: string;
  /** It goes with the end of a roll-out. */
  readonly isExtra?: boolean;
  readonly names: NameGeneration;
};

/** spec.nameGeneration: what else of a member's spec follows from its ordinal or name. */
export type NameGeneration = {
  readonly appendIndexToConfigMapRefs: boolean;
  readonly appendIndexToSecretRefs: boolean;
  readonly setHostnameToVMName: boolean;
};

/** Reads spec.nameGeneration of a pool's spec; whatever is not `true` is off. */
export function nameGenerationIn(spec: Body): NameGeneration {
  const names = recordIn(spec, 'nameGeneration');
  return {
    appendIndexToConfigMapRefs: names['appendIndexToConfigMapRefs'] === true,
    appendIndexToSecretRefs: names['appendIndexToSecretRefs'] === true,
    setHostnameToVMName: names['setHostnameToVMName'] === true,
  };
}

/**
 * The VirtualMachine to create for one ordinal, from the pool's live template. Only labels and
 * annotations of the template's metadata count; everything else of the metadata is ours.
 * Source: kubevirt pool.go, scaleOut and indexVMSpec.
 */
export function stampVm(template: Body, stamp: VmStamp): Body {
  const metadata = recordIn(template, 'metadata');
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: {
      name: stamp.name,
      namespace: stamp.pool.namespace,
      labels: { ...recordIn(metadata, 'labels'), [revisionLabel]: stamp.revision },
      annotations: {
        ...recordIn(metadata, 'annotations'),
        [effectAnnotation]: stamp.effect,
        ...(stamp.isExtra === true && { [extraAnnotation]: stamp.effect }),
      },
      finalizers: [poolFinalizer],
      ownerReferences: [poolOwner(stamp.pool)],
    },
    spec: indexedSpec(recordIn(template, 'spec'), stamp),
  };
}

/** A pool as its members name it. */
export type OwnerPool = {
  readonly name: string;
  readonly uid: string;
  /** As the cluster serves it; KubeVirt's newest when left out. */
  readonly apiVersion?: string | undefined;
};

/**
 * The controller reference that makes an object a pool's own. KubeVirt up to 1.6 serves pools as v1alpha1
 * alone, and a garbage collector takes nothing whose owner is of a version that is not served.
 */
export function poolOwner(pool: OwnerPool): Body {
  return {
    apiVersion: pool.apiVersion ?? 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    name: pool.name,
    uid: pool.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

function indexedSpec(spec: Body, stamp: VmStamp): Body {
  const disks = recordsIn(spec, 'dataVolumeTemplates');
  const own = new Set(disks.map((disk) => textIn(recordIn(disk, 'metadata'), 'name')));
  return {
    ...spec,
    ...(disks.length > 0 && {
      dataVolumeTemplates: disks.map((disk) =>
        within(disk, 'metadata', (metadata) => suffixed(metadata, 'name', stamp.ordinal)),
      ),
    }),
    template: stampedVmiTemplate(recordIn(spec, 'template'), stamp, own),
  };
}

function stampedVmiTemplate(template: Body, stamp: VmStamp, own: OwnDisks): Body {
  const metadata = recordIn(template, 'metadata');
  const labels = { ...recordIn(metadata, 'labels'), [revisionLabel]: stamp.revision };
  return {
    ...template,
    metadata: { ...metadata, labels },
    spec: {
      ...indexedVolumes(recordIn(template, 'spec'), stamp, own),
      ...(stamp.names.setHostnameToVMName && { hostname: stamp.name }),
    },
  };
}

function indexedVolumes(vmi: Body, stamp: VmStamp, own: OwnDisks): Body {
  const volumes = recordsIn(vmi, 'volumes');
  if (volumes.length === 0) return vmi;
  return { ...vmi, volumes: volumes.map((volume) => indexedVolume(volume, stamp, own)) };
}

/**
 * Claims get the suffix only if they name one of the pool's own dataVolumeTemplates: a plain claim is
 * shared on purpose. References to ConfigMaps and Secrets get it when nameGeneration asks for it.
 */
function indexedVolume(volume: Body, stamp: VmStamp, own: OwnDisks): Body {
  const { ordinal } = stamp;
  const ifOwn = (field: string) => (source: Body) =>
    own.has(textIn(source, field)) ? suffixed(source, field, ordinal) : source;
  let indexed = within(volume, 'dataVolume', ifOwn('name'));
  indexed = within(indexed, 'persistentVolumeClaim', ifOwn('claimName'));
  if (stamp.names.appendIndexToConfigMapRefs) {
    indexed = within(indexed, 'configMap', (source) => suffixed(source, 'name', ordinal));
    indexed = withinSysprep(indexed, 'configMap', ordinal);
  }
  if (!stamp.names.appendIndexToSecretRefs) return indexed;
  indexed = within(indexed, 'secret', (source) => suffixed(source, 'secretName', ordinal));
  indexed = withinSysprep(indexed, 'secret', ordinal);
  for (const cloudInit of ['cloudInitNoCloud', 'cloudInitConfigDrive']) {
    indexed = within(indexed, cloudInit, (source) => indexedSecretRefs(source, ordinal));
  }
  return indexed;
}

/** A Windows answer file, by its ConfigMap or Secret: the reference is `name` in both. */
function withinSysprep(volume: Body, source: 'configMap' | 'secret', ordinal: number): Body {
  return within(volume, 'sysprep', (sysprep) =>
    within(sysprep, source, (reference) => suffixed(reference, 'name', ordinal)),
  );
}

function indexedSecretRefs(source: Body, ordinal: number): Body {
  return ['secretRef', 'networkDataSecretRef'].reduce(
    (indexed, field) => within(indexed, field, (ref) => suffixed(ref, 'name', ordinal)),
    source,
  );
}

function suffixed(body: Body, field: string, ordinal: number): Body {
  const text = textIn(body, field);
  return text === undefined || text === '' ? body : { ...body, [field]: `${text}-${ordinal}` };
}

/** Changes one nested object where it exists. */
function within(body: Body, field: string, change: (inner: Body) => Body): Body {
  const inner = body[field];
  return isRecord(inner) ? { ...body, [field]: change(inner) } : body;
}

function recordIn(body: Body, field: string): Body {
  const inner = body[field];
  return isRecord(inner) ? inner : {};
}

function recordsIn(body: Body, field: string): readonly Body[] {
  const inner = body[field];
  return Array.isArray(inner) ? inner.filter(isRecord) : [];
}

function textIn(body: Body, field: string): string | undefined {
  const inner = body[field];
  return typeof inner === 'string' ? inner : undefined;
}
