import type { Answer, ObjectRef } from '#shared/cluster/cluster.ts';
import { isDestructive } from '#shared/contract/commands.ts';
import type { Command } from '#shared/contract/commands.ts';
import { effectAnnotation, poolFinalizer } from '#shared/contract/words.ts';
import { canonicalJson, isRecord } from '#shared/lib/canonical.ts';
import type { Change, KubeObject } from '../../services/sandbox/store/types.ts';
import type { Effect, Ledger } from './ledger.ts';
import {
  controllerUid,
  disksOf,
  hasEnded,
  isDeleting,
  isSetKind,
  presentMembers,
  replicasOf,
  specOf,
} from './mirror.ts';
import type { Mirror } from './mirror.ts';
import type { Call } from './simulated-cluster.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Book } from './simulated-recorder.ts';
import { isKubeObject } from './simulated-store.ts';

export type JudgeParts = {
  readonly mirror: Mirror;
  readonly ledger: Ledger;
  readonly book: Book;
  readonly now: () => number;
  /** How old a live read may be when the call that follows it arrives. */
  readonly freshMs: number;
  readonly violation: (invariant: string, text: string) => void;
};

const massWindowMs = 600_000;

type Sighting = { readonly object: KubeObject; readonly at: number };
type Size = { readonly generation: number; readonly replicas: number };

/** Judges each write of ours at the moment at which the API server does it. */
export class WriteJudge {
  /** Time of the last write that a process of ours asked for. */
  lastWriteAt = 0;
  readonly #parts: JudgeParts;
  readonly #seen = new Map<SimulatedProcess, Map<string, readonly Sighting[]>>();
  readonly #sizes = new Map<string, Size[]>();
  /** Log times of our decisions to delete, one for each that was done, and how far replicas ever fell, by set. */
  readonly #deletions = new Map<string, number[]>();
  readonly #fallen = new Map<string, number>();

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /** Follows what people want. */
  onChange({ object, type }: Change): void {
    if (!isSetKind(object.kind) || type === 'DELETED') return;
    const { uid, generation = 0 } = object.metadata;
    const sizes = this.#sizes.get(uid) ?? [];
    const last = sizes.at(-1);
    const replicas = replicasOf(object);
    if (last?.generation === generation) return;
    if (last !== undefined && replicas < last.replicas) {
      this.#fallen.set(uid, (this.#fallen.get(uid) ?? 0) + last.replicas - replicas);
    }
    this.#sizes.set(uid, [...sizes, { generation, replicas }]);
  }

  /** The log that the guard remembers by is another one. */
  forgetDeletions(): void {
    this.#deletions.clear();
  }

  judge(process: SimulatedProcess, call: Call): (answer: Answer<unknown>) => void {
    switch (call.verb) {
      case 'read':
        return (answer) => this.#noteRead(process, answer);
      case 'create':
        this.#wrote();
        return (answer) => {
          if (answer.ok && isKubeObject(answer.value)) this.#created(process, answer.value);
        };
      case 'patch':
        this.#wrote();
        return this.#patching(process, call.ref);
      case 'remove':
        this.#wrote();
        this.#checkPreconditions(call.ref, call.preconditions);
        return this.#removing(process, call.ref);
      default:
        return () => undefined;
    }
  }

  #wrote(): void {
    this.lastWriteAt = this.#parts.now();
  }

  #violation(invariant: string, text: string): void {
    this.#parts.violation(invariant, text);
  }

  #noteRead(process: SimulatedProcess, answer: Answer<unknown>): void {
    if (!answer.ok || !isKubeObject(answer.value)) return;
    const seen = this.#seen.get(process) ?? new Map<string, readonly Sighting[]>();
    this.#seen.set(process, seen);
    const { uid } = answer.value.metadata;
    const sighting = { object: answer.value, at: this.#parts.now() };
    seen.set(uid, [...this.#reads(process, uid), sighting]);
  }

  /** Calls of one process overtake each other, so any fresh read may be the one that a call rests on. */
  #reads(process: SimulatedProcess, uid: string): readonly Sighting[] {
    const oldest = this.#parts.now() - this.#parts.freshMs;
    return (this.#seen.get(process)?.get(uid) ?? []).filter(({ at }) => at >= oldest);
  }

  #created(process: SimulatedProcess, object: KubeObject): void {
    const { kind, metadata } = object;
    if (kind === 'Event') return;
    const id = metadata.annotations?.[effectAnnotation] ?? '';
    const effect = this.#parts.ledger.effects.get(id);
    if (effect === undefined) {
      this.#violation('E6', `${kind} ${metadata.name} was created for an effect not in the log`);
      return;
    }
    this.#parts.ledger.made(id, metadata.uid);
    const { command, plan } = effect;
    if (plan.mode !== 'manage') this.#violation('I13', `advice ${id} was carried out`);
    if (!('name' in command) || command.name !== metadata.name) {
      this.#violation('I10', `${id} made ${metadata.name}, which is not the name in the log`);
    }
    if (command.verb === 'create-revision') return;
    this.#checkLiveSet(process, effect, { evenIfLeaving: false });
    this.#checkCount(effect, object);
    if (kind === 'VirtualMachine') this.#checkDisks(effect, object);
  }

  /** Paused and deleting as the executor could know: by its own last read of the set. */
  #checkLiveSet(
    process: SimulatedProcess,
    { command, plan }: Effect,
    expected: { readonly evenIfLeaving: boolean; readonly generation?: number },
  ): void {
    const reads = this.#reads(process, plan.set.uid).map(({ object }) => object);
    const { generation, evenIfLeaving } = expected;
    const isFit = reads.some(
      (live) =>
        (generation === undefined || live.metadata.generation === generation) &&
        (evenIfLeaving || (!isDeleting(live) && specOf(live)['paused'] !== true)),
    );
    if (isFit) return;
    const what = reads.length === 0 ? 'without a live read of its set' : 'against all live reads';
    this.#violation('C8', `${command.effect} (${command.verb}) ${what}`);
  }

  /** Of what we made: people may put more into a set at any time. */
  #checkCount({ command, plan }: Effect, made: KubeObject): void {
    const { mirror, ledger } = this.#parts;
    const set = mirror.objects.get(plan.set.uid);
    if (set === undefined) return;
    if (ledger.isExcused(command.effect)) return;
    const ours = presentMembers(mirror, set).filter((member) => {
      const id = member.metadata.annotations?.[effectAnnotation] ?? '';
      return ledger.effects.has(id) && !ledger.isExcused(id);
    });
    const sizes = (this.#sizes.get(plan.set.uid) ?? []).filter(
      ({ generation }) => generation >= plan.set.generation,
    );
    const most = Math.max(...sizes.map(({ replicas }) => replicas));
    if (ours.length > most) {
      this.#violation('C3', `${command.effect} makes ${ours.length} of at most ${most}`);
    }
    const twin = ours.find(
      (member) =>
        member !== made &&
        ordinalOf(member) === ordinalOf(made) &&
        made.kind === 'VirtualMachine' &&
        member.metadata.uid !== made.metadata.uid,
    );
    if (twin !== undefined)
      this.#violation('C5', `two members of one ordinal: ${made.metadata.name}`);
  }

  #checkDisks({ command, plan }: Effect, made: KubeObject): void {
    const { mirror, ledger } = this.#parts;
    for (const vm of mirror.ofKind('VirtualMachine')) {
      if (vm.metadata.uid === made.metadata.uid) continue;
      if (vm.metadata.namespace !== made.metadata.namespace) continue;
      const shared = disksOf(vm).find((name) => disksOf(made).includes(name));
      const owner = controllerUid(vm);
      if (shared === undefined || owner === undefined) continue;
      const since = ledger.ownedSince(vm.metadata.uid, owner);
      if (since === undefined || since > plan.basis) continue;
      this.#violation('C6', `${command.effect} shares disk ${shared} with ${vm.metadata.name}`);
    }
  }

  #checkPreconditions(ref: ObjectRef, preconditions: unknown): void {
    const { uid, resourceVersion } = isRecord(preconditions) ? preconditions : {};
    if (typeof uid === 'string' && typeof resourceVersion === 'string') return;
    this.#violation('C1', `a delete of ${ref.kind} ${ref.name} without preconditions`);
  }

  #removing(process: SimulatedProcess, ref: ObjectRef): (answer: Answer<unknown>) => void {
    const before = this.#find(ref);
    return (answer) => {
      if (!answer.ok || before === undefined || isDeleting(before)) return;
      const { uid, name } = before.metadata;
      const touches = this.#parts.ledger.touches.get(uid) ?? [];
      if (touches.some(({ command }) => isOwnDeletion(command.verb))) return;
      const effect = this.#removalOf(uid, 'delete-member');
      if (effect === undefined) {
        this.#violation('E6', `${ref.kind} ${name} was deleted without a command`);
        return;
      }
      const { command, plan } = effect;
      if (controllerUid(before) !== plan.set.uid) {
        this.#violation('C2', `${command.effect} deleted ${name} of another owner`);
      }
      if (this.#reads(process, uid).length === 0) {
        this.#violation('C1', `${command.effect} deleted ${name} without a live read of it`);
      }
      const { generation } = plan.set;
      this.#checkLiveSet(process, effect, { evenIfLeaving: false, generation });
      this.#checkBook(effect);
      this.#checkListed(effect, before);
      if (command.verb !== 'delete-member') return;
      // An instance that has ended is no loss.
      if (command.purpose !== 'clean-up' || !hasEnded(before)) this.#checkMass(effect);
    };
  }

  #patching(process: SimulatedProcess, ref: ObjectRef): (answer: Answer<unknown>) => void {
    const before = this.#find(ref);
    return (answer) => {
      if (!answer.ok || before === undefined || !isKubeObject(answer.value)) return;
      const after = answer.value;
      if (ref.subresource === 'status') {
        if (!isSetKind(ref.kind)) this.#violation('C12', `the status of ${ref.kind} was written`);
        this.#checkForeign(before, after);
        return;
      }
      this.#checkForeign(before, after);
      if (canonicalJson(before['status'] ?? {}) !== canonicalJson(after['status'] ?? {})) {
        this.#violation('C12', `a patch of ${ref.name} changed its status`);
      }
      if (lostFinalizer(before, after)) this.#freed(process, before);
    };
  }

  #freed(process: SimulatedProcess, before: KubeObject): void {
    if (isSetKind(before.kind)) return this.#retired(process, before);
    const { uid, name } = before.metadata;
    const touches = this.#parts.ledger.touches.get(uid) ?? [];
    const isReleased = touches.some(({ command }) => command.verb === 'release-member');
    if (isReleased && !isDeleting(before)) return;
    const effect = this.#removalOf(uid, 'free-member');
    if (effect === undefined) {
      this.#violation('E6', `${name} was let go without a command`);
      return;
    }
    const { command, plan } = effect;
    const owner = controllerUid(before);
    if (owner !== undefined && owner !== plan.set.uid) {
      this.#violation('C2', `${command.effect} let go of ${name} of another owner`);
    }
    this.#checkLiveSet(process, effect, { evenIfLeaving: true });
    const isRetired = this.#reads(process, plan.set.uid).some(({ object }) => isDeleting(object));
    if (!isDeleting(before) && !isRetired) {
      this.#violation('C8', `${command.effect} let go of ${name}, which nobody deletes`);
    }
    this.#checkBook(effect);
  }

  #retired(process: SimulatedProcess, before: KubeObject): void {
    const { uid, name } = before.metadata;
    const effect = [...this.#parts.ledger.effects.values()].findLast(
      ({ command, plan }) => command.verb === 'retire-set' && plan.set.uid === uid,
    );
    if (effect === undefined || !isDeleting(before)) {
      this.#violation('E6', `pool ${name} was let go without a command`);
      return;
    }
    this.#checkLiveSet(process, effect, { evenIfLeaving: true });
    this.#checkBook(effect);
  }

  /** No record, no destruction: the book has the decision with all its disks. */
  #checkBook({ command, sequence, turn }: Effect): void {
    const { book, ledger } = this.#parts;
    if (!book.hasTold(turn, sequence)) {
      // A log that was emptied or set back keeps its lineage: until a recorder looks, its position is a lie.
      if (book.settledTurn < ledger.turn)
        return ledger.tell('destroyed before the book knew the log');
      this.#violation('A1', `${command.effect} before the book has passed ${sequence}`);
    }
    if (!isDestructive(command)) return;
    for (const disk of command.disks) {
      const key = disk.claim?.uid ?? disk.dataVolume?.uid ?? disk.volume?.uid ?? '';
      if (!book.hasListed(key)) {
        this.#violation('A1', `${command.effect} endangers a disk without a row in the book`);
      }
    }
  }

  /** Every claim that goes with the machine and that the decision could know of is listed. */
  #checkListed({ command, plan }: Effect, vm: KubeObject): void {
    if (!isDestructive(command)) return;
    const { mirror } = this.#parts;
    const listed = new Set<string | undefined>(command.disks.map((disk) => disk.claim?.uid));
    for (const volume of mirror.ofKind('DataVolume')) {
      if (!this.#isOwnedAt(volume, vm, plan.basis)) continue;
      for (const claim of mirror.ofKind('PersistentVolumeClaim')) {
        if (!this.#isOwnedAt(claim, volume, plan.basis)) continue;
        if (listed.has(uidOf(claim))) continue;
        this.#violation('A1', `${command.effect} does not list ${claim.metadata.name}`);
      }
    }
  }

  #isOwnedAt(object: KubeObject, owner: KubeObject, basis: number): boolean {
    const { uid } = owner.metadata;
    const isOwned = object.metadata.ownerReferences?.some((one) => one.uid === uid) === true;
    const since = this.#parts.ledger.ownedSince(object.metadata.uid, uid);
    return isOwned && since !== undefined && since <= basis;
  }

  /** Weaker than the guard itself: replicas that ever fell explain as many deletions. */
  #checkMass({ command, plan }: Effect): void {
    const { uid } = plan.set;
    const { now } = plan.moment;
    const all = [...(this.#deletions.get(uid) ?? []), now];
    this.#deletions.set(uid, all);
    const recent = all.filter((at) => at > now - massWindowMs && at <= now);
    const sizes = (this.#sizes.get(uid) ?? []).map(({ replicas }) => replicas);
    const set = this.#parts.mirror.objects.get(uid);
    const size = set === undefined ? 0 : presentMembers(this.#parts.mirror, set).length;
    const most = Math.max(10, 0.2 * Math.max(size + recent.length, ...sizes));
    if (recent.length > most + (this.#fallen.get(uid) ?? 0)) {
      this.#violation('C10', `${command.effect} is the ${recent.length}th deletion unexplained`);
    }
  }

  /**
   * Nothing that is not ours may change: spec, labels, owners, foreign finalizers and annotations; except
   * what a command for this very object says.
   */
  #checkForeign(before: KubeObject, after: KubeObject): void {
    const { touches } = this.#parts.ledger;
    const changed = changedParts(before, after);
    const effects = touches.get(before.metadata.uid) ?? [];
    const strange = changed.filter((part) => !effects.some((effect) => mayChange(effect, part)));
    if (strange.length === 0) return;
    this.#violation(
      'C12',
      `a patch changed ${strange.join(' ')} of ${after.kind} ${after.metadata.name}`,
    );
  }

  #find({ kind, namespace, name }: ObjectRef): KubeObject | undefined {
    return this.#parts.mirror.named(kind, namespace, name);
  }

  /** Of several commands for one member, what was done is judged by one that the book has. */
  #removalOf(uid: string, verb: 'delete-member' | 'free-member'): Effect | undefined {
    const { ledger, book } = this.#parts;
    const effects = (ledger.removals.get(uid) ?? []).filter(({ command }) => command.verb === verb);
    return effects.findLast(({ turn, sequence }) => book.hasTold(turn, sequence)) ?? effects.at(-1);
  }
}

/** Deletes what is no member: an instance that its machine makes anew, a revision. */
function isOwnDeletion(verb: Command['verb']): boolean {
  return verb === 'restart-member' || verb === 'delete-revision';
}

function uidOf(object: KubeObject) {
  return object.metadata.uid;
}

function ordinalOf(member: KubeObject): string | undefined {
  return /-(\d+)$/.exec(member.metadata.name)?.[1];
}

function lostFinalizer(before: KubeObject, after: KubeObject): boolean {
  const had = before.metadata.finalizers?.includes(poolFinalizer) === true;
  return had && after.metadata.finalizers?.includes(poolFinalizer) !== true;
}

type Part = 'identity' | 'labels' | 'annotations' | 'finalizers' | 'spec' | `owner ${string}`;

/** What differs between two versions of an object, beyond what is ours in every object. */
function changedParts(before: KubeObject, after: KubeObject): readonly Part[] {
  const [old, now] = [foreignParts(before), foreignParts(after)];
  const parts = ['identity', 'labels', 'annotations', 'finalizers', 'spec'] as const;
  const fields = parts.filter((part) => canonicalJson(old[part]) !== canonicalJson(now[part]));
  const owners = [...ownersOf(before), ...ownersOf(after)].filter(
    (owner, _, all) => all.filter((other) => other === owner).length === 1,
  );
  return [...fields, ...owners.map((owner): Part => `owner ${owner}`)];
}

/** Which parts of its object a command may change, by its verb. */
function mayChange({ command, plan }: Effect, part: Part): boolean {
  switch (command.verb) {
    case 'release-member':
    case 'adopt-member':
      return part === `owner ${plan.set.uid}`;
    case 'preserve-disk':
      return part.startsWith('owner ');
    case 'update-vm':
      return part === 'spec' || part === 'labels' || part === 'annotations';
    case 'label-instance':
      return part === 'labels';
    case 'roll-back':
      return part === 'spec' || part === 'annotations';
    default:
      return false;
  }
}

function ownersOf({ metadata }: KubeObject): readonly string[] {
  return (metadata.ownerReferences ?? []).map(({ uid }) => uid);
}

function foreignParts({ metadata, spec, kind }: KubeObject & { readonly spec?: unknown }) {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => !key.endsWith('-observed-api-version'),
  );
  return {
    identity: { kind, uid: metadata.uid },
    labels: metadata.labels ?? {},
    annotations: Object.fromEntries(annotations),
    finalizers: (metadata.finalizers ?? []).filter((name) => name !== poolFinalizer),
    spec: spec ?? null,
  };
}
