import { isDestructive } from '#shared/contract/commands.ts';
import { keepMarkOf } from '#shared/core/pool/keep-mark.ts';
import type { KubeObject } from '../../services/sandbox/store/types.ts';
import type { Effect, Ledger } from './ledger.ts';
import { controllerUid, disksOf, isDeleting } from './mirror.ts';
import type { Mirror } from './mirror.ts';
import type { Book } from './simulated-recorder.ts';

export type DiskParts = {
  readonly mirror: Mirror;
  readonly ledger: Ledger;
  readonly book: Book;
  readonly violation: (invariant: string, text: string) => void;
};

/** Judges what writes of ours do to disks, and whether the book knew before. */
export class DiskJudge {
  readonly #parts: DiskParts;

  constructor(parts: DiskParts) {
    this.#parts = parts;
  }

  /** No two machines of different sets use one disk, as far as the log knew. */
  checkShared({ command, plan }: Effect, made: KubeObject): void {
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

  /** No record, no destruction: the book has the decision with all its disks. */
  checkBook(effect: Effect): void {
    const { book } = this.#parts;
    const { command, sequence } = effect;
    if (!book.hasTold(effect)) {
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
  checkListed({ command, plan }: Effect, vm: KubeObject): void {
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

  /** A member that went under the policy to keep its disks is let go only when none hangs on it any more. */
  checkKept({ command, plan }: Effect, vm: KubeObject): void {
    const { mirror } = this.#parts;
    if (!this.#isToKeep(vm)) return;
    for (const kind of ['DataVolume', 'PersistentVolumeClaim']) {
      for (const disk of mirror.ofKind(kind)) {
        // Nothing saves a disk that somebody deletes.
        if (isDeleting(disk) || !this.#isOwnedAt(disk, vm, plan.basis)) continue;
        this.#violation('C7', `${command.effect} loses ${disk.metadata.name}, which is to be kept`);
      }
    }
  }

  /** The disks of a member that is deleted to be made anew with other ones go with it: its next one would start on them. */
  checkFreed(before: KubeObject, after: KubeObject): void {
    const kept = new Set(after.metadata.ownerReferences?.map(({ uid }) => uid));
    for (const { uid, name } of before.metadata.ownerReferences ?? []) {
      if (kept.has(uid) || !this.#isToGo(uid)) continue;
      const disk = before.metadata.name;
      this.#violation('C7', `${disk} is kept of ${name}, which is replaced because of its disks`);
    }
  }

  #isToGo(member: string): boolean {
    return this.#deletionsOf(member).some(
      ({ command }) =>
        command.verb === 'delete-member' &&
        command.purpose === 'replace' &&
        command.keepDisks !== true,
    );
  }

  /**
   * By a deletion of ours that the log of now knows and that certainly was done; or by what it says of
   * itself, whatever has become of the log.
   */
  #isToKeep(vm: KubeObject): boolean {
    const mark = keepMarkOf(vm.metadata.annotations ?? {});
    if (isDeleting(vm) && (mark === 'wished' || mark === 'ours')) return true;
    return this.#deletionsOf(uidOf(vm)).some(
      ({ command }) => command.verb === 'delete-member' && command.keepDisks === true,
    );
  }

  #deletionsOf(member: string): readonly Effect[] {
    const { ledger } = this.#parts;
    return (ledger.removals.get(member) ?? []).filter(
      ({ command, turns }) =>
        command.verb === 'delete-member' &&
        turns.has(ledger.turn) &&
        ledger.outcomes.get(command.effect)?.outcome === 'applied',
    );
  }

  #isOwnedAt(object: KubeObject, owner: KubeObject, basis: number): boolean {
    const { uid } = owner.metadata;
    const isOwned = object.metadata.ownerReferences?.some((one) => one.uid === uid) === true;
    const since = this.#parts.ledger.ownedSince(object.metadata.uid, uid);
    return isOwned && since !== undefined && since <= basis;
  }

  #violation(invariant: string, text: string): void {
    this.#parts.violation(invariant, text);
  }
}

function uidOf(object: KubeObject) {
  return object.metadata.uid;
}
