import type { Answer, ObjectRef } from '#shared/cluster/cluster.ts';
import type { Command, SetRef } from '#shared/contract/commands.ts';
import { effectAnnotation, poolFinalizer } from '#shared/contract/words.ts';
import { canonicalJson, isRecord } from '#shared/lib/canonical.ts';
import type { Change, KubeObject } from '../../services/sandbox/store/types.ts';
import { changedParts, mayChange } from './changed-parts.ts';
import { DiskJudge } from './disk-judge.ts';
import type { DiskParts } from './disk-judge.ts';
import type { Effect } from './ledger.ts';
import { controllerUid, hasEnded, isDeleting, isSetKind } from './mirror.ts';
import type { Call } from './simulated-cluster.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { MemberJudge } from './member-judge.ts';
import { Sightings } from './sightings.ts';
import type { Fitness, SightingParts } from './sightings.ts';
import { isKubeObject } from './simulated-store.ts';
import { Sizes } from './sizes.ts';

export type JudgeParts = DiskParts & SightingParts;

/** Judges each write of ours at the moment at which the API server does it. */
export class WriteJudge {
  /** Time of the last write that a process of ours asked for. */
  lastWriteAt = 0;
  readonly #parts: JudgeParts;
  readonly #sightings: Sightings;
  readonly #sizes = new Sizes();
  readonly #disks: DiskJudge;
  readonly #members: MemberJudge;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
    this.#sightings = new Sightings(parts);
    this.#disks = new DiskJudge(parts);
    this.#members = new MemberJudge(parts, this.#sizes);
  }

  /** Follows what people want. */
  onChange(change: Change): void {
    this.#sizes.follow(change);
    this.#members.follow(change);
  }

  /** The log that the guard remembers by is another one. */
  forgetDeletions(): void {
    this.#sizes.forgetDeletions();
  }

  judge(process: SimulatedProcess, call: Call): (answer: Answer<unknown>) => void {
    switch (call.verb) {
      case 'read':
        return (answer) => this.#sightings.note(process, answer, call.ref);
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

  #created(process: SimulatedProcess, object: KubeObject): void {
    const { kind, metadata } = object;
    if (kind === 'Event') return;
    const id = metadata.annotations?.[effectAnnotation] ?? '';
    const effect = this.#parts.ledger.effects.get(id);
    if (effect === undefined) {
      this.#violation('E6', `${kind} ${metadata.name} was created for an effect not in the log`);
      return;
    }
    const isHeld = metadata.finalizers?.includes(poolFinalizer) === true;
    this.#parts.ledger.made(id, { uid: metadata.uid, by: process.name, isHeld });
    const { command, plan } = effect;
    if (plan.mode !== 'manage') this.#violation('I13', `advice ${id} was carried out`);
    if (!('name' in command) || command.name !== metadata.name) {
      this.#violation('I10', `${id} made ${metadata.name}, which is not the name in the log`);
    }
    if (command.verb === 'create-revision') return;
    this.#checkLiveSet(process, effect, { evenIfLeaving: false });
    this.#members.checkCount(effect, object);
    this.#members.checkRevision(effect);
    if (kind === 'VirtualMachine') this.#disks.checkShared(effect, object);
  }

  /** Paused and deleting as the executor could know: by its own last read of the set. */
  #checkLiveSet(process: SimulatedProcess, { command, plan }: Effect, wanted: Fitness): void {
    if (plan.set.gone === true) return this.#checkGone(process, plan.set);
    const problem = this.#sightings.unfitness(process, plan.set.uid, wanted);
    if (problem !== undefined) {
      this.#violation('C8', `${command.effect} (${command.verb}) ${problem}`);
    }
  }

  /** A uid never comes back: who is gone now was gone, and the executor has looked. */
  #checkGone(process: SimulatedProcess, { kind, namespace, name, uid }: SetRef): void {
    const set = this.#parts.mirror.objects.get(uid);
    if (set !== undefined && isSetKind(set.kind)) {
      this.#violation('C11', `${name} is taken for gone and is there`);
    }
    const ref = { kind, namespace, name };
    if (this.#sightings.hasMissed(process, ref, uid)) return;
    this.#violation('C11', `${name} is taken for gone without a live look for it`);
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
      if (this.#sightings.of(process, uid).length === 0) {
        this.#violation('C1', `${command.effect} deleted ${name} without a live read of it`);
      }
      const { generation } = plan.set;
      this.#checkLiveSet(process, effect, { evenIfLeaving: false, generation });
      this.#disks.checkBook(effect);
      this.#disks.checkListed(effect, before);
      if (command.verb !== 'delete-member') return;
      this.#members.checkLeast(effect);
      // An instance that has ended is no loss.
      if (command.purpose !== 'clean-up' || !hasEnded(before)) this.#members.checkMass(effect);
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
      if (isDisk(before)) this.#disks.checkFreed(before, after);
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
    const isRetired = this.#sightings.of(process, plan.set.uid).some(isDeleting);
    if (!isDeleting(before) && !isRetired) {
      this.#violation('C8', `${command.effect} let go of ${name}, which nobody deletes`);
    }
    this.#disks.checkBook(effect);
    this.#disks.checkKept(effect, before);
  }

  #retired(process: SimulatedProcess, before: KubeObject): void {
    const { uid, name } = before.metadata;
    const retirements = [...this.#parts.ledger.effects.values()].filter(
      ({ command, plan }) => command.verb === 'retire-set' && plan.set.uid === uid,
    );
    const effect = this.#likeliest(retirements);
    if (effect === undefined || !isDeleting(before)) {
      this.#violation('E6', `pool ${name} was let go without a command`);
      return;
    }
    this.#checkLiveSet(process, effect, { evenIfLeaving: true });
    this.#disks.checkBook(effect);
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

  #removalOf(uid: string, verb: 'delete-member' | 'free-member'): Effect | undefined {
    const removals = this.#parts.ledger.removals.get(uid) ?? [];
    return this.#likeliest(removals.filter(({ command }) => command.verb === verb));
  }

  /** Of several commands for one object, what was done is judged by one that the book has. */
  #likeliest(effects: readonly Effect[]): Effect | undefined {
    return effects.findLast((effect) => this.#parts.book.hasTold(effect)) ?? effects.at(-1);
  }
}

/** Deletes what is no member: an instance that its machine makes anew, a revision. */
function isOwnDeletion(verb: Command['verb']): boolean {
  return verb === 'restart-member' || verb === 'delete-revision';
}

function isDisk({ kind }: KubeObject): boolean {
  return kind === 'DataVolume' || kind === 'PersistentVolumeClaim';
}

function lostFinalizer(before: KubeObject, after: KubeObject): boolean {
  const had = before.metadata.finalizers?.includes(poolFinalizer) === true;
  return had && after.metadata.finalizers?.includes(poolFinalizer) !== true;
}
