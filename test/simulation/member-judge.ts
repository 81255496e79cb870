import type { Command } from '#shared/contract/commands.ts';
import { effectAnnotation } from '#shared/contract/words.ts';
import type { Change, KubeObject } from '../../services/sandbox/store/types.ts';
import type { Effect, Ledger } from './ledger.ts';
import { controllerUid, isDeleting, presentMembers } from './mirror.ts';
import type { Mirror } from './mirror.ts';
import type { Sizes } from './sizes.ts';

export type MemberParts = {
  readonly mirror: Mirror;
  readonly ledger: Ledger;
  readonly violation: (invariant: string, text: string) => void;
};

/** Judges how many members we make and delete. */
export class MemberJudge {
  readonly #parts: MemberParts;
  readonly #sizes: Sizes;
  readonly #left = new Set<string>();

  constructor(parts: MemberParts, sizes: Sizes) {
    this.#parts = parts;
    this.#sizes = sizes;
  }

  /** Follows who leaves a set: those that come back are put there by people. */
  follow({ object }: Change): void {
    if (controllerUid(object) === undefined) this.#left.add(object.metadata.uid);
  }

  /** Of what we made: people may put more into a set at any time. */
  checkCount({ command, plan }: Effect, made: KubeObject): void {
    const { mirror, ledger, violation } = this.#parts;
    const set = mirror.objects.get(plan.set.uid);
    if (set === undefined || ledger.isExcused(command.effect)) return;
    const ours = presentMembers(mirror, set).filter((member) => {
      const id = member.metadata.annotations?.[effectAnnotation] ?? '';
      return ledger.effects.has(id) && !ledger.isExcused(id);
    });
    const most = this.#sizes.mostSince(plan.set.uid, plan.set.generation);
    const count = ours.filter(({ metadata }) => !this.#left.has(metadata.uid)).length;
    if (count > most) {
      violation('C3', `${command.effect} makes ${count} of at most ${most}`);
    }
    const twin = ours.find((member) => isTwin(member, made));
    if (twin !== undefined) violation('C5', `two members of one ordinal: ${made.metadata.name}`);
  }

  /** A machine names the revision that it was made from: one of its own pool. */
  checkRevision({ command, plan }: Effect): void {
    if (command.verb !== 'create-vm') return;
    const { uid, namespace } = plan.set;
    const revision = this.#parts.mirror.named('ControllerRevision', namespace, command.revision);
    if (revision === undefined || controllerUid(revision) === uid) return;
    if (this.#isOrphanOf(uid, revision)) return;
    this.#parts.violation('C9', `${command.effect} names ${command.revision} of another owner`);
  }

  /**
   * Who deletes a pool and orphans what it owns takes the owner off its revisions at once. A create that
   * rests on a read of the pool from just before (C8 judges that one) may arrive later, and no precondition
   * of a create could hold it back. The revision is still the one that was made for this pool.
   */
  #isOrphanOf(pool: string, revision: KubeObject): boolean {
    const { mirror, ledger } = this.#parts;
    const set = mirror.objects.get(pool);
    const isLeaving = set === undefined || isDeleting(set);
    if (!isLeaving || controllerUid(revision) !== undefined) return false;
    const id = revision.metadata.annotations?.[effectAnnotation] ?? '';
    return ledger.effects.get(id)?.plan.set.uid === pool;
  }

  /** Scale-in leaves a pool no fewer than its spec asks for, by what the plan itself counted. */
  checkLeast({ command, plan }: Effect): void {
    const { set, balance, commands } = plan;
    if (set.kind !== 'VirtualMachinePool' || !isScaleIn(command)) return;
    const left = balance.active - balance.deleting - commands.filter(isScaleIn).length;
    const wanted = this.#sizes.at(set.uid, set.generation);
    if (wanted === undefined || left >= wanted) return;
    this.#parts.violation('C4', `${command.effect} leaves ${left} of ${wanted}`);
  }

  checkMass({ command, plan }: Effect): void {
    const { mirror, violation } = this.#parts;
    const { uid } = plan.set;
    const isReplaced = command.verb === 'delete-member' && command.purpose === 'replace';
    if (isReplaced && this.#sizes.mayReplace(uid)) return;
    const set = mirror.objects.get(uid);
    const present = set === undefined ? 0 : presentMembers(mirror, set).length;
    const number = this.#sizes.deleted(uid, plan.moment.now, present);
    if (number === undefined) return;
    violation('C10', `${command.effect} is the ${number}th deletion unexplained`);
  }
}

function isScaleIn(command: Command): boolean {
  return command.verb === 'delete-member' && command.purpose === 'scale-in';
}

function isTwin(member: KubeObject, made: KubeObject): boolean {
  if (made.kind !== 'VirtualMachine' || member.metadata.uid === made.metadata.uid) return false;
  return ordinalOf(member) === ordinalOf(made);
}

function ordinalOf(member: KubeObject): string | undefined {
  return /-(\d+)$/.exec(member.metadata.name)?.[1];
}
