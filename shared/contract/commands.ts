import { z } from 'zod';
import { effectIdSchema, nameSchema, uidSchema } from './ids.ts';
import { setKindSchema } from './kinds.ts';
import { setStatusSchema } from './objects.ts';

/** The set that a plan is about, as it stood when the plan was made. */
export const setRefSchema = z.strictObject({
  kind: setKindSchema,
  namespace: nameSchema,
  name: nameSchema,
  uid: uidSchema,
  generation: z.int(),
  /**
   * The pool is gone, and only VMs that it left behind tell of it; the generation is 0. A VM that nobody
   * controls any more does not tell the uid of its pool: there it is the VM's own.
   */
  gone: z.literal(true).optional(),
});
export type SetRef = z.infer<typeof setRefSchema>;

/**
 * A disk that a destructive command may lose. The claim is what people know; the DataVolume and the
 * PersistentVolume are what storage people look for. `member` is the VM that used it.
 */
export const endangeredDiskSchema = z.strictObject({
  claim: z.strictObject({ name: z.string(), uid: uidSchema }).optional(),
  dataVolume: z.strictObject({ name: z.string(), uid: uidSchema }).optional(),
  volume: z.strictObject({ name: z.string(), uid: uidSchema.optional() }).optional(),
  storageClass: z.string().optional(),
  size: z.string().optional(),
  member: z.strictObject({ name: z.string(), uid: uidSchema, ordinal: z.int32().optional() }),
});
export type EndangeredDisk = z.infer<typeof endangeredDiskSchema>;

/** An ownerless disk of an earlier member that a new one of the same ordinal takes up again. */
export const keptDiskSchema = endangeredDiskSchema.omit({ member: true });
export type KeptDisk = z.infer<typeof keptDiskSchema>;

/** A core/v1 Event to post on the set, best effort. Reason and text are upstream's. */
export const noticeSchema = z.strictObject({
  type: z.enum(['Normal', 'Warning']),
  reason: z.string(),
  message: z.string().max(1024),
});
export type Notice = z.infer<typeof noticeSchema>;

/** Why a member goes: the word that the book keeps as the cause of a lost disk. */
export const purposes = [
  /** replicas was lowered */
  'scale-in',
  /** the set itself is being deleted */
  'retire',
  /** someone else deleted the member; we only let it go */
  'free',
  /** a finished VMI of a replica set, its replacement is made */
  'clean-up',
  /** a member that does not start is replaced */
  'heal',
  /** a change of the template reaches the member only by making it anew */
  'replace',
  /** an extra member of a roll-out has done its part */
  'surge',
] as const;
export const purposeSchema = z.enum(purposes);
export type Purpose = z.infer<typeof purposeSchema>;

const common = {
  effect: effectIdSchema,
  /** One clause for people; the same words go to the log, the event and the book. */
  because: z.string(),
  /** Posted by the executor once the command is applied. */
  notice: noticeSchema.optional(),
} as const;

const memberTarget = z.strictObject({ name: z.string(), uid: uidSchema });
const instanceTarget = memberTarget;

export const commandSchema = z.discriminatedUnion('verb', [
  /** Adds the pool finalizer to the pool. */
  z.strictObject({ verb: z.literal('secure-set'), ...common }),
  /** Writes KubeVirt's two api-version annotations on a replica set. */
  z.strictObject({ verb: z.literal('mark-api-version'), ...common }),
  /** Keeps the set's spec as a ControllerRevision; `revision` is the set's generation. */
  z.strictObject({
    verb: z.literal('create-revision'),
    name: z.string(),
    revision: z.int(),
    ...common,
  }),
  /** Makes one VM of a pool from the plan's template. */
  z.strictObject({
    verb: z.literal('create-vm'),
    name: z.string(),
    ordinal: z.int(),
    /** Name of the ControllerRevision for the revision label. */
    revision: z.string(),
    /** Disks that stand ownerless under the names that this ordinal will use. */
    takesUp: z.array(keptDiskSchema).optional(),
    /** It is made beside the others for a roll-out and goes with its end, which the VM says itself. */
    extra: z.literal(true).optional(),
    ...common,
  }),
  /** Makes one VMI of a replica set from the plan's template. */
  z.strictObject({ verb: z.literal('create-vmi'), name: z.string(), ...common }),
  /** Destructive: deletes a VM (pool) or a VMI (replica set). */
  z.strictObject({
    verb: z.literal('delete-member'),
    member: memberTarget,
    purpose: purposeSchema,
    disks: z.array(endangeredDiskSchema),
    /** The policy under which it goes: its disks are freed of it before it is let go. */
    keepDisks: z.literal(true).optional(),
    /** To replace its disks: the revision that somebody has named for that. */
    revision: z.string().optional(),
    ...common,
  }),
  /** Destructive: removes the pool finalizer from a VM. */
  z.strictObject({
    verb: z.literal('free-member'),
    member: memberTarget,
    purpose: purposeSchema,
    disks: z.array(endangeredDiskSchema),
    ...common,
  }),
  /** Removes the pool finalizer from a pool that is being deleted; destructive, as its members follow. */
  z.strictObject({
    verb: z.literal('retire-set'),
    disks: z.array(endangeredDiskSchema),
    ...common,
  }),
  /** Adds the pool finalizer to a living member that the pool owns and that lacks it. */
  z.strictObject({ verb: z.literal('secure-member'), member: memberTarget, ...common }),
  /**
   * Takes our controller reference off a living member and, of a pool, our finalizer; all else stays. Never
   * for a terminating member: that is free-member.
   */
  z.strictObject({ verb: z.literal('release-member'), member: memberTarget, ...common }),
  /** Makes an ownerless VMI that matches the selector a replica set's own. */
  z.strictObject({ verb: z.literal('adopt-member'), member: memberTarget, ...common }),
  /**
   * Stamps the plan's template onto a VM of a pool, and writes only what differs between the stamps of the
   * two revisions.
   */
  z.strictObject({
    verb: z.literal('update-vm'),
    member: memberTarget,
    ordinal: z.int(),
    /** Name of the ControllerRevision that keeps the plan's template. */
    revision: z.string(),
    /** The revision that the VM was stamped from; without it nothing is removed from the VM. */
    from: z.string().optional(),
    /** An extra member of a roll-out has come to be one of the others: its mark is taken off. */
    stays: z.literal(true).optional(),
    ...common,
  }),
  /** Deletes the VMI of a VM, so that the next one is made from the VM as it stands. */
  z.strictObject({
    verb: z.literal('restart-member'),
    member: memberTarget,
    instance: instanceTarget,
    /** The revision label that the VM must still carry. */
    revision: z.string(),
    ...common,
  }),
  /** Writes the revision label, and labels of the VMI template that have changed, on a running VMI. */
  z.strictObject({
    verb: z.literal('label-instance'),
    instance: instanceTarget,
    revision: z.string(),
    ...common,
  }),
  /** Takes the member's owner references off one disk, so that the disk outlives it. */
  z.strictObject({
    verb: z.literal('preserve-disk'),
    member: memberTarget,
    disk: z.strictObject({
      kind: z.enum(['DataVolume', 'PersistentVolumeClaim']),
      name: z.string(),
      uid: uidSchema,
    }),
    ...common,
  }),
  /** Deletes a ControllerRevision of a pool that nobody needs any more. */
  z.strictObject({
    verb: z.literal('delete-revision'),
    name: z.string(),
    uid: uidSchema,
    ...common,
  }),
  /** Writes the template that a revision keeps into the pool, and takes the annotation off that asks so. */
  z.strictObject({
    verb: z.literal('roll-back'),
    revision: z.strictObject({ name: z.string(), uid: uidSchema }),
    ...common,
  }),
  /** Writes the status subresource; only the fields given. */
  z.strictObject({ verb: z.literal('write-status'), status: setStatusSchema, ...common }),
  /** Posts `notice` alone. */
  z.strictObject({ verb: z.literal('post-event'), ...common, notice: noticeSchema }),
]);
/** One verb on one object, whole: the executor chooses nothing. */
export type Command = z.infer<typeof commandSchema>;
export type Verb = Command['verb'];

/** A command that may cost a disk: it waits for the book and for a live read (walls 6 and 7). */
export type DestructiveCommand = Extract<
  Command,
  { verb: 'delete-member' | 'free-member' | 'retire-set' }
>;

export function isDestructive(command: Command): command is DestructiveCommand {
  return (
    command.verb === 'delete-member' ||
    command.verb === 'free-member' ||
    command.verb === 'retire-set'
  );
}
