import { isRecord } from '#shared/lib/canonical.ts';
import { addressOf } from '#shared/cluster/addresses.ts';
import { scaleInDisksAnnotation } from '#shared/contract/words.ts';
import type { KubeObject, Store, StoreRequest } from '../../services/sandbox/store/types.ts';
import type { History } from './history.ts';
import { controllerUid, isDeleting, replicasOf, specOf } from './mirror.ts';
import type { Mirror } from './mirror.ts';
import type { Act } from './options.ts';
import { doToPool, mendOf, poolDeeds, tidyPool } from './pool-deeds.ts';
import type { PoolDeed, PoolHands } from './pool-deeds.ts';
import type { Random } from './random.ts';
import { makeSet, memberKindOf } from './sets.ts';
import type { SetPlan } from './sets.ts';

/** What people do to a cluster, one thing at a time. */
export const deeds = [
  'scales',
  'scales far',
  'edits a template',
  'deletes a member',
  'deletes a set',
  'deletes a set and orphans its members',
  'deletes a set in the foreground',
  'makes a set again',
  'pauses or resumes',
  'labels',
  'takes a member out of its set',
  'puts foreign machines into a set',
  'hangs a finalizer on a member',
  'ends an instance',
  'deletes a disk',
  'changes the mode',
  'deletes a namespace',
] as const;
/** Only where a test asks for it: members without a set are not what most histories are about. */
export type RareDeed = 'deletes a set by force';
export type Deed = (typeof deeds)[number] | PoolDeed | RareDeed;

export type HumanParts = {
  readonly store: Store;
  readonly mirror: Mirror;
  readonly history: History;
  readonly plans: readonly SetPlan[];
};

export const foreignFinalizer = 'example.com/hold';
const caller = { user: 'alice', groups: ['system:masters'] };

/** People, acting straight on the API server. */
export class Human {
  readonly #parts: HumanParts;

  constructor(parts: HumanParts) {
    this.#parts = parts;
  }

  makeEverything(random: Random): void {
    const namespaces = new Set(this.#parts.plans.map(({ namespace }) => namespace));
    for (const namespace of namespaces) this.#makeNamespace(namespace);
    for (const plan of this.#parts.plans) this.#make(plan, random.between(0, plan.most));
  }

  do(deed: Deed, random: Random): void {
    if (this.#try(deed, random)) this.#parts.history.count(`human ${deed}`);
  }

  /** One step of a script, on the first of the planned sets. */
  act(act: Act): void {
    const [plan] = this.#parts.plans;
    if (plan === undefined) return;
    const set = this.#parts.mirror.named(plan.kind, plan.namespace, plan.name);
    if (act.type === 'make') {
      this.#makeNamespace(plan.namespace);
      this.#make(plan, act.replicas);
    } else if (set !== undefined && act.type === 'scale') {
      this.#patch(set, { spec: { replicas: act.replicas } });
    } else if (set !== undefined && act.type === 'delete') {
      this.#delete(set, 'Background');
    } else if (set !== undefined && act.type === 'delete by force') {
      this.#deleteByForce(set);
    } else if (set !== undefined && act.type === 'decide on disks') {
      this.#patch(set, { metadata: { annotations: { [scaleInDisksAnnotation]: act.policy } } });
    }
  }

  /** Lets go of what people hold back, and takes back what keeps sets from being whole. */
  tidyUp(): void {
    for (const object of [...this.#parts.mirror.objects.values()]) {
      const { annotations, finalizers = [] } = object.metadata;
      if ((annotations?.['rollcall.dev/mode'] ?? 'manage') !== 'manage') {
        this.#patch(object, { metadata: { annotations: { 'rollcall.dev/mode': 'manage' } } });
      }
      if (object.kind === 'VirtualMachinePool' && !isDeleting(object)) {
        tidyPool(this.#handsOn(object));
      }
      const mend = mendOf(object);
      if (mend !== undefined) this.#patch(object, mend);
      const kept = finalizers.filter((name) => name !== foreignFinalizer);
      if (kept.length === finalizers.length) continue;
      this.#patch(object, { metadata: { finalizers: kept } });
    }
  }

  #try(deed: Deed, random: Random): boolean {
    if (isPoolDeed(deed)) {
      const pool = this.#pool(random);
      return pool !== undefined && doToPool(deed, this.#handsOn(pool), random);
    }
    switch (deed) {
      case 'scales':
        return this.#scale(random, random.between(0, 8));
      case 'scales far':
        return this.#scale(random, random.between(0, 30));
      case 'edits a template':
        return this.#editTemplate(random);
      case 'deletes a member':
        return this.#with(this.#member(random), (member) => this.#delete(member, 'Background'));
      case 'deletes a set':
        return this.#with(this.#set(random), (set) => this.#delete(set, 'Background'));
      case 'deletes a set and orphans its members':
        return this.#with(this.#set(random), (set) => this.#delete(set, 'Orphan'));
      case 'deletes a set in the foreground':
        return this.#with(this.#set(random), (set) => this.#delete(set, 'Foreground'));
      case 'deletes a set by force':
        return this.#with(this.#set(random), (set) => this.#deleteByForce(set));
      case 'makes a set again':
        return this.#makeAgain(random);
      case 'pauses or resumes':
        return this.#with(this.#set(random), (set) =>
          this.#patch(set, { spec: { paused: specOf(set)['paused'] !== true } }),
        );
      case 'labels': {
        const object = random.chance(0.3) ? this.#set(random) : this.#member(random);
        const labels = { [`example.com/mark-${random.between(0, 3)}`]: 'x' };
        const annotations = { 'example.com/note': `n${random.between(0, 9)}` };
        return this.#with(object, (found) =>
          this.#patch(found, { metadata: { labels, annotations } }),
        );
      }
      case 'takes a member out of its set':
        return this.#with(this.#member(random), (member) =>
          this.#patch(member, { metadata: { ownerReferences: [] } }),
        );
      case 'puts foreign machines into a set':
        return this.#putIntoSet(random);
      case 'hangs a finalizer on a member':
        return this.#with(this.#member(random), (member) => {
          const { finalizers = [] } = member.metadata;
          const kept = finalizers.filter((name) => name !== foreignFinalizer);
          const isHeld = kept.length < finalizers.length;
          // Nothing may be hung on what is going.
          if (isDeleting(member) && !isHeld) return;
          const next = isHeld ? kept : [...finalizers, foreignFinalizer];
          this.#patch(member, { metadata: { finalizers: next } });
        });
      case 'ends an instance':
        return this.#with(random.any(this.#kind('VirtualMachineInstance')), (vmi) =>
          this.#patch(vmi, { status: { phase: random.chance(0.5) ? 'Failed' : 'Succeeded' } }),
        );
      case 'deletes a disk': {
        const kind = random.chance(0.5) ? 'PersistentVolumeClaim' : 'DataVolume';
        return this.#with(random.any(this.#kind(kind)), (disk) => this.#delete(disk, 'Background'));
      }
      case 'changes the mode': {
        const mode = random.pick(['observe', 'advise', 'manage', 'manage']);
        const annotations = { 'rollcall.dev/mode': mode };
        return this.#with(this.#set(random), (set) =>
          this.#patch(set, { metadata: { annotations } }),
        );
      }
      case 'deletes a namespace':
        return this.#deleteNamespace(random);
    }
  }

  #scale(random: Random, replicas: number): boolean {
    return this.#with(this.#set(random), (set) => {
      this.#note(`scales ${nameOf(set)} ${replicasOf(set)} → ${replicas}`);
      this.#patch(set, { spec: { replicas } });
    });
  }

  #editTemplate(random: Random): boolean {
    return this.#with(this.#set(random), (set) => {
      const field = set.kind === 'VirtualMachinePool' ? 'virtualMachineTemplate' : 'template';
      const annotations = { 'example.com/version': `v${random.between(1, 3)}` };
      this.#patch(set, { spec: { [field]: { metadata: { annotations } } } });
    });
  }

  #makeAgain(random: Random): boolean {
    const { mirror, plans } = this.#parts;
    const gone = plans.filter((plan) => !mirror.named(plan.kind, plan.namespace, plan.name));
    return this.#with(random.any(gone), (plan) => {
      this.#makeNamespace(plan.namespace);
      this.#make(plan, random.between(0, plan.most));
    });
  }

  /** A careless restore: machines that claim to belong to a set that never asked for them. */
  #putIntoSet(random: Random): boolean {
    return this.#with(this.#set(random), (set) => {
      const { namespace = '', name, uid } = set.metadata;
      const count = random.between(1, 16);
      this.#note(`puts ${count} machines into ${nameOf(set)}`);
      const owner = { apiVersion: set.apiVersion, kind: set.kind, name, uid, controller: true };
      const kind = memberKindOf(set.kind);
      const machine = { domain: { devices: {} } };
      const spec =
        kind === 'VirtualMachine'
          ? { runStrategy: 'Halted', template: { spec: machine } }
          : machine;
      const prefix = `${name}-${random.chance(0.5) ? '' : 'x'}`;
      for (let at = 0; at < count; at += 1) {
        this.#create(namespace, {
          apiVersion: 'kubevirt.io/v1',
          kind,
          metadata: {
            name: `${prefix}${40 + at}`,
            namespace,
            labels: { app: name },
            ownerReferences: [owner],
          },
          spec,
        });
      }
    });
  }

  #deleteNamespace(random: Random): boolean {
    const names = new Set(this.#parts.plans.map(({ namespace }) => namespace));
    const living = [...names].flatMap(
      (name) => this.#parts.mirror.named('Namespace', '', name) ?? [],
    );
    return this.#with(random.any(living), (namespace) => this.#delete(namespace, 'Background'));
  }

  #make(plan: SetPlan, replicas: number): void {
    this.#note(`makes ${plan.namespace}/${plan.name} of ${replicas}`);
    this.#create(plan.namespace, makeSet(plan, replicas));
  }

  #makeNamespace(name: string): void {
    this.#create('', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  #set(random: Random): KubeObject | undefined {
    const sets = this.#parts.plans.flatMap(
      ({ kind, namespace, name }) => this.#parts.mirror.named(kind, namespace, name) ?? [],
    );
    return random.any(sets);
  }

  #pool(random: Random): KubeObject | undefined {
    const sets = this.#parts.plans.flatMap(
      ({ kind, namespace, name }) => this.#parts.mirror.named(kind, namespace, name) ?? [],
    );
    return random.any(sets.filter(({ kind }) => kind === 'VirtualMachinePool'));
  }

  #handsOn(pool: KubeObject): PoolHands {
    const patch = (object: KubeObject, body: unknown): void => this.#patch(object, body);
    return { mirror: this.#parts.mirror, pool, patch };
  }

  #member(random: Random): KubeObject | undefined {
    const set = this.#set(random);
    if (set === undefined) return undefined;
    const members = this.#kind(memberKindOf(set.kind));
    return random.any(members.filter((object) => controllerUid(object) === set.metadata.uid));
  }

  /** In an order that does not depend on uids. */
  #kind(kind: string): readonly KubeObject[] {
    return this.#parts.mirror.ofKind(kind);
  }

  #with<T>(found: T | undefined, act: (found: T) => void): boolean {
    if (found === undefined) return false;
    act(found);
    return true;
  }

  #create(namespace: string, body: Readonly<Record<string, unknown>>): void {
    this.#ask({ verb: 'create', ...where(String(body['kind'])), namespace, body });
  }

  #patch(object: KubeObject, body: unknown): void {
    const { namespace = '', name } = object.metadata;
    this.#note(`patches ${nameOf(object)} ${JSON.stringify(body)}`);
    const isStatus = isRecord(body) && 'status' in body && object.kind !== 'VirtualMachineInstance';
    const subresource = isStatus ? { subresource: 'status' as const } : {};
    this.#ask({
      verb: 'patch',
      ...where(object.kind),
      ...subresource,
      namespace,
      name,
      patch: 'merge',
      body,
    });
  }

  #delete(object: KubeObject, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): void {
    const { namespace = '', name } = object.metadata;
    this.#note(`deletes ${nameOf(object)} (${propagationPolicy})`);
    const options = { propagationPolicy };
    this.#ask({ verb: 'delete', ...where(object.kind), namespace, name, options });
  }

  #deleteByForce(set: KubeObject): void {
    this.#patch(set, { metadata: { finalizers: null } });
    this.#delete(set, 'Background');
  }

  #ask(request: StoreRequest): void {
    const { code, body } = this.#parts.store.handle(request);
    if (code === 422) throw new Error(`people cannot do this: ${JSON.stringify(body)}`);
  }

  #note(text: string): void {
    this.#parts.history.note(`human ${text}`);
  }
}

function isPoolDeed(deed: Deed): deed is PoolDeed {
  return poolDeeds.some((one) => one === deed);
}

function where(kind: string) {
  const address = addressOf(kind);
  if (address === undefined) throw new Error(`no address for ${kind}`);
  const { group, plural, versions } = address;
  const resource = { group, version: versions[0] ?? '', plural };
  return { resource, caller, fieldManager: 'kubectl-edit' } as const;
}

function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}
