import { z } from 'zod';
import { effectIdSchema, uidSchema } from './ids.ts';
import { setKindSchema } from './kinds.ts';
import { setStatusSchema } from './objects.ts';

/** The set that a plan is about, as it stood when the plan was made. */
export const setRefSchema = z.strictObject({
  kind: setKindSchema,
  namespace: z.string(),
  name: z.string(),
  uid: uidSchema,
  generation: z.int(),
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
  member: z.strictObject({ name: z.string(), uid: uidSchema, ordinal: z.int().optional() }),
});
export type EndangeredDisk = z.infer<typeof endangeredDiskSchema>;

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
