import { z } from 'zod';
import { setKindSchema } from './kinds.ts';
import { setKindNamed } from './set-spelling.ts';

/** The HTTP API of the gateway, as its callers see it. Answers grow only by fields. */

const kindWordSchema = z
  .string()
  .refine((text) => setKindNamed(text) !== undefined, 'must be vmpool or vmirs')
  .transform((text) => setKindNamed(text) ?? 'VirtualMachinePool')
  .describe('vmpool or vmirs, or any other way in which kubectl takes the kind');

const momentSchema = z.iso
  .datetime({ offset: true })
  .describe('RFC 3339, for example 2026-11-21T04:00:00Z');

const scope = {
  namespace: z.string().min(1).optional().describe('All namespaces when absent.'),
  kind: kindWordSchema.optional(),
  name: z.string().min(1).optional().describe('Name of the set.'),
} as const;

const paging = {
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z
    .string()
    .optional()
    .describe('`next` of the answer before; stands as long as the book does.'),
} as const;

const period = {
  since: momentSchema.optional().describe('Nothing before this moment.'),
  until: momentSchema.optional().describe('Only what is before this moment.'),
  who: z.string().min(1).optional().describe('`who.name`: a user name, or a field manager.'),
} as const;

export const setsQuerySchema = z.strictObject({ ...scope, ...paging });

export const setPathSchema = z.strictObject({
  namespace: z.string().min(1),
  kind: kindWordSchema,
  name: z.string().min(1),
});

export const operations = ['created', 'found', 'scaled', 'member-replaced', 'deleted'] as const;

export const operationsQuerySchema = z.strictObject({
  ...scope,
  ...period,
  cause: z.enum(operations).optional().describe('`operation` of the answer.'),
  ...paging,
});

export const volumesQuerySchema = z.strictObject({
  ...scope,
  ...period,
  cause: z
    .string()
    .min(1)
    .optional()
    .describe('How `cause` begins: `scale-in`, `set deleted`, `deleted outside Rollcall` …'),
  kept: z
    .enum(['true', 'false'])
    .default('false')
    .describe('Also the disks whose command came to nothing.'),
  ...paging,
});

export const eventsQuerySchema = z.strictObject({
  ...scope,
  after: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe('As the header Last-Event-ID: goes on after this entry. From now on when absent.'),
});

export const eventsHeadersSchema = z.object({
  'last-event-id': z.string().optional().describe('Goes on after this entry of the book.'),
});

const timeSchema = z.string().describe('RFC 3339');
const setNameSchema = z.object({
  namespace: z.string(),
  kind: setKindSchema,
  name: z.string(),
  uid: z.string(),
});

export const whoSchema = z.object({
  name: z
    .string()
    .nullable()
    .describe('The user name; the field manager where it is inferred; null where nobody knows.'),
  shown: z.string().nullable().describe('The name as people call it.'),
  grade: z
    .enum(['proven', 'corroborated', 'inferred', 'unknown'])
    .describe('proven: an audit event of the very write, or a command of ours.'),
  how: z.string(),
});

export const operationSchema = z.object({
  id: z.int(),
  set: setNameSchema,
  operation: z.enum(operations),
  from: z.int().nullable(),
  to: z.int().nullable(),
  member: z.string().nullable(),
  oldUid: z.string().nullable(),
  newUid: z.string().nullable(),
  who: whoSchema,
  at: timeSchema,
  startedAt: timeSchema.nullable(),
  finishedAt: timeSchema.nullable(),
  outcome: z.enum(['running', 'held', 'done', 'superseded']),
  reason: z.string().nullable(),
  gap: z.boolean().describe('Seen late: versions in between were missed.'),
});

export const setSchema = z.object({
  ...setNameSchema.shape,
  wanted: z.int().describe('spec.replicas; absent there means 1.'),
  members: z.object({
    present: z.int().describe('Members that exist, also those that are leaving or have ended.'),
    active: z.int().describe('Those neither terminating nor ended.'),
  }),
  generation: z.int().nullable(),
  createdAt: timeSchema,
  deleting: z.boolean(),
  held: z.object({ reason: z.string(), because: z.string(), since: timeSchema }).nullable(),
});

const named = z.object({ name: z.string(), uid: z.string().nullable() }).nullable();

export const volumeSchema = z.object({
  set: setNameSchema,
  claim: named,
  dataVolume: named,
  volume: named,
  storageClass: z.string().nullable(),
  size: z.string().nullable(),
  member: named,
  ordinal: z.int().nullable(),
  cause: z.string(),
  because: z.string().nullable(),
  who: whoSchema,
  decision: z.int().nullable().describe('Its place in the log.'),
  effect: z.string().nullable(),
  operation: z.int().nullable().describe('`id` of the scale operation that it belongs to.'),
  recordedAt: timeSchema,
  goneAt: timeSchema.nullable(),
  state: z.enum(['at risk', 'gone', 'kept']),
});

/** How far the book had come when the question was asked: everything up to there is in the answer. */
export const asOfSchema = z.object({
  at: timeSchema.nullable().describe('Log time of the newest record in the book.'),
  sequence: z.int().describe('Its place in the log.'),
  writtenAt: timeSchema.nullable(),
});

function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().optional().describe('Where the next page begins; absent on the last.'),
    asOf: asOfSchema,
  });
}

export const setsPageSchema = pageOf(setSchema);
export const operationsPageSchema = pageOf(operationSchema);
export const volumesPageSchema = pageOf(volumeSchema);

export const setAnswerSchema = z.object({
  set: setSchema,
  lastOperation: operationSchema.nullable(),
  asOf: asOfSchema,
});

/** RFC 9457. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type Problem = z.output<typeof problemSchema>;

/** What changed, as one server-sent event: `id` is `entry`, `event` is `kind`. */
export const changeSchema = z.object({
  entry: z.int(),
  at: timeSchema,
  kind: z.string(),
  body: z.record(z.string(), z.unknown()),
});
export type Change = z.output<typeof changeSchema>;

export type SetItem = z.output<typeof setSchema>;
export type OperationItem = z.output<typeof operationSchema>;
export type VolumeItem = z.output<typeof volumeSchema>;
export type Who = z.output<typeof whoSchema>;
export type AsOf = z.output<typeof asOfSchema>;
