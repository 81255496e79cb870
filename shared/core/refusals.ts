import type { Command, Verb } from '#shared/contract/commands.ts';
import type { ResourceVersion, Uid } from '#shared/contract/ids.ts';
import type { TemplateDigest } from '#shared/contract/objects.ts';
import type { Reason, Settled } from '#shared/contract/records.ts';
import { targetOf } from '#shared/contract/target.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';
import { compareText } from '#shared/lib/order.ts';
import type { Fold } from './fold.ts';
import type { Memory, Pending, View } from './view.ts';

/** Commands that back off together. */
export type CommandClass =
  | 'secure'
  | 'revision'
  | 'create'
  | 'delete'
  | 'free'
  | 'retire'
  | 'status'
  | 'event'
  | 'secure-member'
  | 'release'
  | 'adopt'
  | 'update'
  | 'restart'
  | 'label'
  | 'preserve'
  | 'prune'
  | 'roll-back';

/** A certain no of the API server, or of the executor: the ground for backing off. */
export type Refusal = {
  readonly class: CommandClass;
  readonly reason: string;
  /** The template that was refused; another one may be tried at once. */
  readonly digest: string | undefined;
  /** Uid or name of the one object that was refused; absent when the whole class must wait. */
  readonly target: string | undefined;
  /** Name and field path for people. */
  readonly name: string;
  readonly field: string | undefined;
  /** The plan was behind the world; that passes as soon as this object's version is another one. */
  readonly behind: { readonly uid: Uid; readonly version: ResourceVersion | undefined } | undefined;
  /** Refusals in a row. */
  readonly count: number;
  /** Log time until which the class waits. */
  readonly until: number;
  /** Sequence of the outcome that counted last. */
  readonly sequence: number;
  /** How many of the row have been told as Kubernetes events. */
  told: number;
};

/** After a refusal creates start again one by one, then two, then four at a time. */
export type SlowStart = { readonly size: number; readonly done: number; readonly since: number };

const firstMs = 1000;
const longestMs = 5 * 60 * 1000;
/** How long a refusal that nobody repeats is remembered after its wait. */
const memoryMs = 10 * 60 * 1000;
/** No plan is larger, so a slow start that has come this far is over. */
const fullSpeed = 256;

export function classOf(verb: Verb): CommandClass {
  switch (verb) {
    case 'secure-set':
    case 'mark-api-version':
      return 'secure';
    case 'create-revision':
      return 'revision';
    case 'create-vm':
    case 'create-vmi':
      return 'create';
    case 'delete-member':
      return 'delete';
    case 'free-member':
      return 'free';
    case 'retire-set':
      return 'retire';
    case 'write-status':
      return 'status';
    case 'post-event':
      return 'event';
    case 'secure-member':
      return 'secure-member';
    case 'release-member':
      return 'release';
    case 'adopt-member':
      return 'adopt';
    case 'update-vm':
      return 'update';
    case 'restart-member':
      return 'restart';
    case 'label-instance':
      return 'label';
    case 'preserve-disk':
      return 'preserve';
    case 'delete-revision':
      return 'prune';
    case 'roll-back':
      return 'roll-back';
  }
}

function digestText(digest: TemplateDigest | undefined): string | undefined {
  return digest === undefined ? undefined : canonicalJson(digest);
}

/**
 * Counts a refusal. All refusals of one round count once: only a command decided after the last counted
 * refusal makes the wait longer.
 */
export function noteRefusal(
  fold: Fold,
  memory: Memory,
  { pending, settled }: { readonly pending: Pending; readonly settled: Settled },
): void {
  const reason = settled.reason ?? 'Rejected';
  const behind = settled.outcome === 'stale' ? behindOf(fold.view, pending, reason) : undefined;
  if (behind === 'caught-up') return;
  const kind = classOf(pending.command.verb);
  const target = heldUp(pending, reason);
  const digest = dependsOnTemplate(kind) ? digestText(pending.template) : undefined;
  const key = [kind, reason, target ?? '', digest ?? '', behind === undefined ? '' : 'behind'].join(
    '|',
  );
  const before = memory.refusals.get(key);
  if (before !== undefined && pending.decidedAt <= before.sequence) return;
  const count = (before?.count ?? 0) + 1;
  forgetOld(memory, fold.at);
  memory.refusals.set(key, {
    class: kind,
    reason,
    digest,
    target,
    name: settled.name,
    field: settled.field,
    behind,
    count,
    until: fold.at + Math.min(longestMs, firstMs * 2 ** Math.min(count - 1, 20)),
    sequence: fold.sequence,
    told: before?.told ?? 0,
  });
  if (kind === 'create' && target === undefined && behind === undefined) {
    memory.slowStart = { size: 1, done: 0, since: fold.sequence };
  }
}

/** A command came through: its class starts afresh, unless it was decided before the refusal. */
export function noteSuccess(memory: Memory, pending: Pending): void {
  const kind = classOf(pending.command.verb);
  for (const [key, refusal] of memory.refusals) {
    if (refusal.class !== kind || pending.decidedAt <= refusal.sequence) continue;
    if (refusal.target === undefined || refusal.target === subjectOf(pending.command)) {
      memory.refusals.delete(key);
    }
  }
  const slow = memory.slowStart;
  if (kind !== 'create' || slow === undefined || pending.decidedAt <= slow.since) return;
  const done = slow.done + 1;
  if (done < slow.size) memory.slowStart = { ...slow, done };
  else memory.slowStart = slow.size * 2 >= fullSpeed ? undefined : grown(slow);
}

export type RefusalQuery = {
  readonly class: CommandClass;
  readonly digest?: TemplateDigest | undefined;
  readonly target?: string;
  readonly now: number;
};

/** Until when a class, or one target of it, has to wait; undefined when it may go. */
export function waitsUntil(view: View, memory: Memory, query: RefusalQuery): number | undefined {
  let until: number | undefined;
  for (const refusal of refusalsOf(memory, query)) {
    if (refusal.target !== query.target || refusal.until <= query.now) continue;
    if (refusal.behind !== undefined && hasMovedOn(view, refusal.behind)) continue;
    until = Math.max(until ?? 0, refusal.until);
  }
  return until;
}

/** Refusals of a class under the template at hand, newest last: the same order in every view. */
export function refusalsOf(
  memory: Memory,
  query: Pick<RefusalQuery, 'class' | 'digest'>,
): readonly Refusal[] {
  if (memory.refusals.size === 0) return [];
  const digest = dependsOnTemplate(query.class) ? digestText(query.digest) : undefined;
  return [...memory.refusals.values()]
    .filter((refusal) => refusal.class === query.class && refusal.digest === digest)
    .toSorted(
      (left, right) =>
        left.sequence - right.sequence ||
        compareText(left.reason, right.reason) ||
        compareText(left.target ?? '', right.target ?? ''),
    );
}

/** What a refusal says to people: the reason and the field, never a text of the API server. */
export function refusalText(refusal: Refusal): string {
  return refusal.field === undefined ? refusal.reason : `${refusal.reason} (${refusal.field})`;
}

function dependsOnTemplate(kind: CommandClass): boolean {
  return kind === 'create' || kind === 'revision' || kind === 'update';
}

function grown(slow: SlowStart): SlowStart {
  return { size: slow.size * 2, done: 0, since: slow.since };
}

/** A taken name or disk, and a single member, hold up nobody else. */
function heldUp({ command }: Pending, reason: Reason): string | undefined {
  const isMade = classOf(command.verb) === 'create' || classOf(command.verb) === 'revision';
  const isTaken = reason === 'NameTaken' || reason === 'DiskChanged';
  return isMade && !isTaken ? undefined : subjectOf(command);
}

/** What a command is about, as refusals name it: the uid of what stands, the name of what is made. */
export function subjectOf(command: Command): string | undefined {
  const target = targetOf(command);
  switch (target.type) {
    case 'made':
      return target.name;
    case 'standing':
      return target.uid;
    case 'set':
    case 'event':
      return undefined;
  }
}

/** Which object has to change before it makes sense to try again sooner than the wait says. */
function behindOf(view: View, pending: Pending, reason: Reason): Refusal['behind'] | 'caught-up' {
  const { command } = pending;
  if (reason === 'DiskChanged' && command.verb === 'preserve-disk') {
    return { uid: command.disk.uid, version: versionOf(view, command.disk.uid) };
  }
  if (reason === 'RevisionGone' && command.verb === 'roll-back') {
    const { uid } = command.revision;
    return { uid, version: versionOf(view, uid) };
  }
  const onMember = reason === 'MemberGone' || reason === 'MemberChanged' || reason === 'NotOwned';
  const uid = onMember && 'member' in command ? command.member.uid : pending.set;
  const object = view.objects.get(uid);
  if (uid === pending.set && object?.meta.generation !== pending.generation) return 'caught-up';
  return { uid, version: object?.meta.resourceVersion };
}

function versionOf(view: View, uid: Uid): ResourceVersion | undefined {
  return view.objects.get(uid)?.meta.resourceVersion;
}

function hasMovedOn(view: View, behind: NonNullable<Refusal['behind']>): boolean {
  return view.objects.get(behind.uid)?.meta.resourceVersion !== behind.version;
}

function forgetOld(memory: Memory, now: number): void {
  for (const [key, refusal] of memory.refusals) {
    if (refusal.until + memoryMs < now) memory.refusals.delete(key);
  }
}
