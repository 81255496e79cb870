import { z } from 'zod';
import { commandSchema, purposeSchema } from './commands.ts';
import { effectIdSchema, resourceVersionSchema, shardSchema, uidSchema } from './ids.ts';
import { kindSchema } from './kinds.ts';
import { observableSchema, templateDigestSchema } from './objects.ts';
import { settledSchema } from './records.ts';

/**
 * Which fold a snapshot is of. Raised whenever what the view holds, or what the fold makes of a record,
 * changes: a snapshot of another version is not used, and the log is folded instead.
 */
export const snapshotVersion = 3;

const commandClassSchema = z.enum([
  'secure',
  'revision',
  'create',
  'delete',
  'free',
  'retire',
  'status',
  'event',
  'secure-member',
  'release',
  'adopt',
  'update',
  'restart',
  'label',
  'preserve',
  'prune',
  'roll-back',
]);

const refusalSchema = z.strictObject({
  class: commandClassSchema,
  reason: z.string(),
  digest: z.string().optional(),
  target: z.string().optional(),
  name: z.string(),
  field: z.string().optional(),
  behind: z.strictObject({ uid: uidSchema, version: resourceVersionSchema.optional() }).optional(),
  count: z.int(),
  until: z.number(),
  sequence: z.int(),
  told: z.int(),
});

const memorySchema = z.strictObject({
  set: uidSchema,
  held: z
    .strictObject({ reason: z.string(), because: z.string(), noticed: z.boolean() })
    .optional(),
  advice: z.string().optional(),
  refusals: z.array(z.tuple([z.string(), refusalSchema])),
  slowStart: z.strictObject({ size: z.int(), done: z.int(), since: z.int() }).optional(),
  desired: z.int().optional(),
  loweredFrom: z.int(),
  explained: z.int(),
  destroyed: z.array(
    z.tuple([
      uidSchema,
      z.strictObject({
        at: z.number(),
        explained: z.boolean(),
        effect: effectIdSchema,
        heals: z.literal(true).optional(),
      }),
    ]),
  ),
  purposes: z.array(z.tuple([uidSchema, purposeSchema])),
  keeps: z.array(uidSchema),
  freed: z.array(uidSchema),
  notices: z.array(z.tuple([z.string(), z.array(z.number())])),
  statusAt: z.number().optional(),
  contestedAt: z.number().optional(),
  templateChangedAt: z.int().optional(),
  pruned: z.array(z.string()),
  marked: z.boolean(),
});

const kindViewSchema = z.strictObject({
  kind: kindSchema,
  synced: z.boolean(),
  since: z.number(),
  highest: resourceVersionSchema.optional(),
  open: z
    .strictObject({
      id: z.string(),
      beganAt: z.int(),
      floor: resourceVersionSchema.optional(),
      seen: z.array(uidSchema),
    })
    .optional(),
  closed: z
    .strictObject({
      resourceVersion: resourceVersionSchema,
      beganAt: z.int(),
      unserved: z.literal(true).optional(),
      lost: z.array(z.string()).optional(),
    })
    .optional(),
  refused: resourceVersionSchema.optional(),
});

const pendingSchema = z.strictObject({
  command: commandSchema,
  set: uidSchema,
  namespace: z.string(),
  decidedAt: z.int(),
  generation: z.int(),
  template: templateDigestSchema.optional(),
  makes: z.array(z.string()),
  outcome: settledSchema.optional(),
  settledAt: z.int(),
  withdrawn: z.boolean(),
});

/**
 * The view of one shard as plain data: what the log cannot be asked for quickly, or not any more. Maps
 * are lists in their own order; what follows from the rest is left out and made anew.
 */
export const snapshotSchema = z.strictObject({
  version: z.literal(snapshotVersion),
  shard: shardSchema,
  lineage: z.string(),
  sequence: z.int(),
  bornAt: z.number(),
  now: z.number(),
  epoch: z.int(),
  run: z.string().default(''),
  plan: z.int(),
  carefulUntil: z.number(),
  vanished: z.array(z.tuple([uidSchema, z.number()])),
  kinds: z.array(kindViewSchema),
  poisoned: z.array(z.tuple([z.string(), z.int()])),
  memories: z.array(memorySchema),
  pending: z.array(pendingSchema),
  objects: z.array(observableSchema),
});
export type Snapshot = z.infer<typeof snapshotSchema>;
