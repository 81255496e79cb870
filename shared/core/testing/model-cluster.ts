import {
  resourceVersionSchema,
  uid,
  type ResourceVersion,
  type Uid,
} from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Meta, Observable, ScaledSet, Vm } from '#shared/contract/objects.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { isReady, isSet } from '../objects.ts';
import type { Dice } from './dice.ts';
import { aClaim, aDataVolume, aVmi } from './objects.ts';

const vmFinalizer = 'kubevirt.io/virtualMachineControllerFinalize';

/** A cluster small enough to reason about: objects, versions, finalizers, garbage collection, a watch. */
export class ModelCluster {
  readonly objects = new Map<Uid, Observable>();
  /** What the watch has still to tell, in order, for each kind. */
  readonly watch = new Map<Kind, LogRecord[]>();
  readonly #names = new Map<string, Uid>();
  #version = 1000;

  get version(): ResourceVersion {
    return resourceVersionSchema.parse(`${this.#version}`);
  }

  get set(): ScaledSet | undefined {
    return [...this.objects.values()].find(isSet);
  }

  named(kind: Kind, name: string): Observable | undefined {
    const uid = this.#names.get(`${kind}/${name}`);
    return uid === undefined ? undefined : this.objects.get(uid);
  }

  ofKind(kind: Kind): readonly Observable[] {
    return [...this.objects.values()].filter((object) => object.kind === kind);
  }

  create(object: Observable): Observable {
    this.#version += 1;
    const identity = uid(`${object.kind}:${object.meta.name}:${this.#version}`);
    return this.#put({ ...object, meta: { ...object.meta, uid: identity } });
  }

  update(object: Observable, meta: Partial<Meta> = {}): Observable {
    this.#version += 1;
    return this.#put({ ...object, meta: { ...object.meta, ...meta } });
  }

  /** Deletes, or begins to where finalizers stand. */
  remove(object: Observable): ResourceVersion {
    this.#version += 1;
    if (object.meta.finalizers.length === 0) this.#drop(object);
    else this.#put({ ...object, meta: { ...object.meta, deletedAt: '2026-01-02T00:00:00Z' } });
    return this.version;
  }

  /** Removes a finalizer; the last one of a terminating object takes it along. */
  unfinalize(object: Observable, finalizer: string): ResourceVersion {
    this.#version += 1;
    const finalizers = object.meta.finalizers.filter((name) => name !== finalizer);
    const next = { ...object, meta: { ...object.meta, finalizers } };
    if (finalizers.length === 0 && object.meta.deletedAt !== undefined) this.#drop(next);
    else this.#put(next);
    return this.version;
  }

  /** One thing that KubeVirt, CDI or the garbage collector would do next. */
  act(dice: Dice): void {
    const object = dice.pick([...this.objects.values()]);
    if (object !== undefined) this.#actOn(object);
  }

  /** All that they would do next. */
  actOnAll(): void {
    for (const { meta } of [...this.objects.values()]) {
      const object = this.objects.get(meta.uid);
      if (object !== undefined) this.#actOn(object);
    }
  }

  #actOn(object: Observable): void {
    const owner = object.meta.owners[0];
    if (
      owner !== undefined &&
      !this.objects.has(owner.uid) &&
      object.meta.deletedAt === undefined
    ) {
      this.remove(object);
    } else if (
      object.meta.deletedAt !== undefined &&
      object.meta.finalizers.includes(vmFinalizer)
    ) {
      this.unfinalize(object, vmFinalizer);
    } else if (object.kind === 'VirtualMachine' && object.meta.deletedAt === undefined) {
      for (const { name } of object.disks) this.#makeDisk(object, name);
      if (object.runStrategy === 'Always') this.#runMachine(object);
      if (object.runStrategy === 'Halted') this.#stopMachine(object);
    }
  }

  /** An instance comes, becomes ready, and its VM says so, one step at a time. */
  #runMachine(vm: Vm): void {
    const vmi = this.named('VirtualMachineInstance', vm.meta.name);
    if (vmi?.kind !== 'VirtualMachineInstance') {
      const { vmiLabels = {} } = vm;
      const ready = { status: 'False' };
      this.create(aVmi(vm.meta.name, { owner: vm, labels: vmiLabels, phase: 'Scheduling', ready }));
      if (isReady(vm)) this.update({ ...vm, ready });
    } else if (vmi.meta.owners.some(({ uid: owner }) => owner === vm.meta.uid)) {
      if (!isReady(vmi)) this.update({ ...vmi, phase: 'Running', ready: { status: 'True' } });
      else if (!isReady(vm)) this.update({ ...vm, ready: { status: 'True' } });
    }
  }

  #stopMachine(vm: Vm): void {
    const vmi = this.named('VirtualMachineInstance', vm.meta.name);
    if (vmi !== undefined) this.remove(vmi);
    else if (isReady(vm)) this.update({ ...vm, ready: { status: 'False' } });
  }

  #makeDisk(vm: Observable, name: string): void {
    const kept = this.named('DataVolume', name);
    if (kept?.meta.deletedAt === undefined && kept?.meta.owners.length === 0) {
      // One that nobody owns is taken up again.
      this.update(kept, { owners: aDataVolume(name, { owner: vm }).meta.owners });
    }
    if (kept !== undefined) return;
    const dataVolume = this.create(aDataVolume(name, { owner: vm }));
    this.create(aClaim(name, { owner: dataVolume }));
  }

  #put(object: Observable): Observable {
    const stored = { ...object, meta: { ...object.meta, resourceVersion: this.version } };
    this.objects.set(stored.meta.uid, stored);
    this.#names.set(`${stored.kind}/${stored.meta.name}`, stored.meta.uid);
    this.#tell(stored.kind, { type: 'observed', object: stored });
    return stored;
  }

  #drop({ kind, meta }: Observable): void {
    this.objects.delete(meta.uid);
    this.#names.delete(`${kind}/${meta.name}`);
    const { namespace, name } = meta;
    const resourceVersion = this.version;
    this.#tell(kind, { type: 'vanished', kind, namespace, name, uid: meta.uid, resourceVersion });
  }

  #tell(kind: Kind, record: LogRecord): void {
    const queue = this.watch.get(kind);
    if (queue === undefined) this.watch.set(kind, [record]);
    else queue.push(record);
  }
}
