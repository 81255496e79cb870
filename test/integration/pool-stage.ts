import type { RawObject } from '#shared/cluster/cluster.ts';
import { uid } from '#shared/contract/ids.ts';
import { effectAnnotation, poolFinalizer, revisionLabel } from '#shared/contract/words.ts';
import { EffectsStage, uidOf } from './effects-stage.ts';

export const labels = { app: 'web' };
export const pool = { kind: 'VirtualMachinePool', name: 'web' } as const;
/** A finalizer and an owner of somebody else's. */
export const guard = 'example.com/guard';
export const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'elsewhere', uid: 'other-uid' };
export const vmi = { domain: { devices: {} } };
export const template = {
  metadata: { labels },
  spec: { runStrategy: 'Halted', template: { metadata: { labels }, spec: vmi } },
};

export const applied = { outcome: 'applied' };
export const already = { outcome: 'already' };
export const stale = (reason: string) => ({ outcome: 'stale', reason });

type Fields = Readonly<Record<string, unknown>>;

/** A stage with pool `web` on it. */
export class PoolStage extends EffectsStage {
  readonly set: RawObject;

  static async open(): Promise<PoolStage> {
    const set = {
      apiVersion: 'pool.kubevirt.io/v1beta1',
      kind: 'VirtualMachinePool',
      metadata: { name: 'web', namespace: 'default' },
      spec: { replicas: 1, selector: { matchLabels: labels }, virtualMachineTemplate: template },
    };
    const stage = new EffectsStage();
    return new PoolStage(await stage.make(set), stage);
  }

  private constructor(set: RawObject, stage: EffectsStage) {
    super(stage.world);
    this.set = set;
  }

  /** `web-0` of the pool, with an owner and a finalizer of somebody else's before ours. */
  async aMember(metadata: Fields = {}, spec: object = {}): Promise<RawObject> {
    return this.make({
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      metadata: {
        name: 'web-0',
        labels: { ...labels, [revisionLabel]: 'web-1' },
        annotations: { [effectAnnotation]: '0a0b0c0d.1.1.0' },
        finalizers: [guard, poolFinalizer],
        ownerReferences: [other, ownerOf(this.set)],
        ...metadata,
      },
      spec: {
        ...template.spec,
        template: { metadata: { labels: { ...labels, [revisionLabel]: 'web-1' } }, spec: vmi },
        ...spec,
      },
    });
  }

  async aRevision(name: string, kept: object, owner: RawObject = this.set): Promise<RawObject> {
    const revision = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: { name, ownerReferences: [ownerOf(owner)] },
      revision: 1,
      data: { replicas: 1, virtualMachineTemplate: kept },
    };
    return this.make(revision);
  }

  /** The VMI that a VM runs. */
  async anInstance(vm: RawObject, metadata: Fields = {}): Promise<RawObject> {
    return this.make({
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachineInstance',
      metadata: {
        name: 'web-0',
        labels: { ...labels, [revisionLabel]: 'web-1' },
        finalizers: [guard],
        ownerReferences: [ownerOf(vm)],
        ...metadata,
      },
      spec: vmi,
    });
  }
}

export function ownerOf(object: RawObject, more: Fields = {}): Fields {
  const { apiVersion, kind, metadata } = object;
  const reference = { apiVersion, kind, name: metadata?.name, uid: metadata?.uid };
  return { ...reference, controller: true, blockOwnerDeletion: true, ...more };
}

export function target(object: RawObject) {
  return { name: String(object.metadata?.name), uid: uid(uidOf(object)) };
}

export function metadataOf(object: RawObject | undefined): Fields {
  return object?.metadata ?? {};
}
