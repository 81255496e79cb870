import { z } from 'zod';
import { commandSchema, setRefSchema } from './commands.ts';
import {
  effectIdSchema,
  instantSchema,
  nameSchema,
  resourceVersionSchema,
  timeSchema,
  uidSchema,
} from './ids.ts';
import { kindSchema } from './kinds.ts';
import { observableSchema, sizeSchema, templateDigestSchema } from './objects.ts';
import { modes } from './words.ts';

/* Facts: what the watcher saw. */

export const observedSchema = z.strictObject({
  type: z.literal('observed'),
  object: observableSchema,
  /** The survey that this sighting belongs to, if it came from a list. */
  survey: z.string().optional(),
});

export const vanishedSchema = z.strictObject({
  type: z.literal('vanished'),
  kind: kindSchema,
  namespace: nameSchema,
  name: nameSchema,
  uid: uidSchema,
  /** The version of the DELETED event. */
  resourceVersion: resourceVersionSchema,
});

/** Opens a bracket: until it closes, the kind is unsynced in this shard. */
export const surveyBeganSchema = z.strictObject({
  type: z.literal('survey-began'),
  kind: kindSchema,
  id: z.string(),
});

/** Closes a bracket: what the kind holds in this shard, as of `resourceVersion`, has been told. */
export const surveyedSchema = z.strictObject({
  type: z.literal('surveyed'),
  kind: kindSchema,
  id: z.string(),
  resourceVersion: resourceVersionSchema,
  /** Objects told between the brackets, in this shard. */
  count: z.int(),
  /** Discovery does not serve the kind: that is not proof that its objects are gone. */
  unserved: z.boolean().optional(),
});

/**
 * The cluster was set back, and somebody has said so: what was known of it is void in this shard, newer
 * versions and vanished uids included, until the surveys that follow.
 */
export const rewoundSchema = z.strictObject({
  type: z.literal('rewound'),
  /** Stands in the record of every shard that tells of the same one. */
  id: z.string(),
  /** Who said it, as he named himself; nobody has proven it. */
  by: z.string(),
  /** When it was said, by his clock. */
  askedAt: timeSchema,
});
export type Rewound = z.infer<typeof rewoundSchema>;

/* Decisions: what the reconciler concluded. */

/** Takes a shard over. The sequence of this record is the epoch. */
export const openedSchema = z.strictObject({
  type: z.literal('opened'),
  lineage: z.string(),
  codeVersion: z.string(),
  holder: z.string(),
  /** Stands in the effect ids of the epoch: another for each run of a reconciler. */
  run: z
    .string()
    .regex(/^[0-9a-z]+$/)
    .optional(),
  /**
   * The log was set back. What surveys before this sequence say is what was so before, and much has been
   * done since that nobody remembers: nothing counts as surveyed until a later survey says so.
   */
  trustsFrom: z.int().optional(),
});

export const limitsSchema = z.strictObject({
  /** Most commands of one plan. */
  burst: z.int(),
  /** Most commands of one set that may be pending. */
  pending: z.int(),
  /** Mass deletion: held above max(count, share of the set) within the window. */
  massDeleteCount: z.int(),
  massDeleteShare: z.number(),
  massDeleteWindowMs: z.int(),
});
export type Limits = z.infer<typeof limitsSchema>;

/** How this installation acts: the modes' default, and whether KubeVirt's own controllers run. */
export const policySchema = z.strictObject({
  mode: z.enum(modes),
  kubevirtControllers: z.enum(['running', 'off']),
});
export type Policy = z.infer<typeof policySchema>;

/** Everything that a decision may use and that is not in the view. */
export const momentSchema = z.strictObject({
  /** Milliseconds since 1970, in log time. */
  now: z.int(),
  seed: z.string(),
  limits: limitsSchema,
  policy: policySchema,
});
export type Moment = z.infer<typeof momentSchema>;

/** Where a set stands. `surplus` below zero means that members are missing. */
export const balanceSchema = z.strictObject({
  desired: z.int(),
  active: z.int(),
  terminating: z.int(),
  ready: z.int(),
  creating: z.int(),
  deleting: z.int(),
  surplus: z.int(),
});
export type Balance = z.infer<typeof balanceSchema>;

/** A member that a decision weighed. */
export const candidateSchema = z.strictObject({
  name: z.string(),
  uid: uidSchema,
  chosen: z.boolean(),
  veto: z.string().optional(),
});

/** One whole plan, for one set. */
export const decidedSchema = z.strictObject({
  type: z.literal('decided'),
  /** Sequence of the `opened` record under which it was made. */
  epoch: z.int(),
  /** Counts the plans of this epoch in this shard, from 1. */
  plan: z.int(),
  set: setRefSchema,
  /** `advise`: recorded, never applied. */
  mode: z.enum(['advise', 'manage']),
  /** Sequence of the newest record folded when deciding. */
  basis: z.int(),
  moment: momentSchema,
  because: z.string(),
  balance: balanceSchema,
  /** The template that the plan's creates are stamped from. */
  template: templateDigestSchema.optional(),
  commands: z.array(commandSchema),
  /** Unstarted commands of earlier plans that must not start any more. */
  withdraws: z.array(effectIdSchema).optional(),
  candidates: z.array(candidateSchema).optional(),
  /** Members passed over, by reason. */
  vetoes: z.record(z.string(), z.int()).optional(),
});
export type Decided = z.infer<typeof decidedSchema>;

/** A set that ought to act and may not, or may again: told once for each change. */
export const heldSchema = z.strictObject({
  type: z.literal('held'),
  epoch: z.int(),
  set: setRefSchema,
  basis: z.int(),
  /** `MassDeleteBlocked`, `Unsupported`, `Contested`, `Unsynced` …; absent when the hold is over. */
  reason: z.string().optional(),
  because: z.string(),
});
export type Held = z.infer<typeof heldSchema>;

/* Outcomes: what the executor's calls came to. */

export const outcomes = [
  /** done by this call */
  'applied',
  /** found done */
  'already',
  /** the API server said no, for certain */
  'refused',
  /** the world has moved on since the plan was made */
  'stale',
  /** waited too long to be started */
  'expired',
  /** of an older epoch, never started */
  'superseded',
  /** called back by a later plan, never started */
  'withdrawn',
] as const;
export type Outcome = (typeof outcomes)[number];

/** Why an outcome is not `applied`; texts of the API server are never forwarded. */
export const reasons = [
  'NameTaken',
  'Invalid',
  'Forbidden',
  'QuotaExceeded',
  'NamespaceTerminating',
  'WebhookUnavailable',
  'NotFound',
  'TooLarge',
  'Rejected',
  'ModeForbids',
  'SetGone',
  'SetChanged',
  'SetPaused',
  'TemplateChanged',
  'MemberGone',
  'MemberChanged',
  'NotOwned',
  'DiskChanged',
  'RevisionGone',
] as const;
export type Reason = (typeof reasons)[number];

export const settledSchema = z.strictObject({
  type: z.literal('settled'),
  effect: effectIdSchema,
  set: setRefSchema,
  verb: z.string(),
  /** Name of the object that the command was about. */
  name: z.string(),
  uid: uidSchema.optional(),
  outcome: z.enum(outcomes),
  /** Version of the object after the call; in a list answer's terms for `refused` creates. */
  resourceVersion: resourceVersionSchema.optional(),
  reason: z.enum(reasons).optional(),
  /** HTTP status of a refusal. */
  code: z.int().optional(),
  /** Path of the first field that was refused. */
  field: z.string().optional(),
  /** For write-status: the fields that the answer had; others are pruned by the cluster's CRD. */
  returned: z.array(z.string()).optional(),
});
export type Settled = z.infer<typeof settledSchema>;

/* Intake: what others told the gateway. */

/** The writes that somebody may have made; a scale is an update or a patch of the subresource. */
export const attributedVerbs = ['create', 'update', 'patch', 'delete', 'deletecollection'] as const;

/**
 * Who made one write that has succeeded, as a source outside of the log tells it. Of the bodies only
 * spec.replicas is kept. Sources deliver late, out of order and more than once.
 */
export const attributedSchema = z.strictObject({
  type: z.literal('attributed'),
  /** Which adapter read it: `audit`. */
  source: z.string(),
  /** What the source calls the request: the auditID. */
  id: z.string(),
  verb: z.enum(attributedVerbs),
  subresource: z.string().optional(),
  object: z.strictObject({
    kind: kindSchema,
    namespace: nameSchema,
    name: nameSchema,
    uid: uidSchema,
    /** The version that the write made; absent when the write removed the object at once. */
    resourceVersion: resourceVersionSchema.optional(),
  }),
  /** spec.replicas after the write, where the source tells it. */
  replicas: sizeSchema.optional(),
  /** The size that the request itself asked for; absent where it names none. */
  asked: sizeSchema.optional(),
  /** The field manager that the request wrote as. */
  manager: z.string().optional(),
  /** The version that the request was bound to: it succeeded, so that was the version before the write. */
  boundTo: resourceVersionSchema.optional(),
  /** metadata.deletionTimestamp in the answer to a deletion: since when the object is terminating. */
  deletedAt: instantSchema.optional(),
  /** On whose behalf it was done. */
  user: z.string().min(1),
  /** Who proved an identity and then spoke for `user`. */
  impersonator: z.string().optional(),
  /** The first few. */
  groups: z.array(z.string()),
  /** Free text of the caller: a hint and never proof. */
  userAgent: z.string().optional(),
  /** When the API server received the request, and when it had answered, by its own clock. */
  receivedAt: instantSchema,
  answeredAt: instantSchema,
});
export type Attributed = z.infer<typeof attributedSchema>;

export const factSchema = z.discriminatedUnion('type', [
  observedSchema,
  vanishedSchema,
  surveyBeganSchema,
  surveyedSchema,
]);
export type Fact = z.infer<typeof factSchema>;

export const decisionSchema = z.discriminatedUnion('type', [
  openedSchema,
  decidedSchema,
  heldSchema,
]);
export type Decision = z.infer<typeof decisionSchema>;

export const recordSchema = z.discriminatedUnion('type', [
  observedSchema,
  vanishedSchema,
  surveyBeganSchema,
  surveyedSchema,
  rewoundSchema,
  openedSchema,
  decidedSchema,
  heldSchema,
  settledSchema,
  attributedSchema,
]);
/** Anything that stands in the log. Named LogRecord so that it does not hide TypeScript's Record. */
export type LogRecord = z.infer<typeof recordSchema>;

/** One message: 1 … 64 facts, outcomes or intakes, or exactly one decision. */
export const frameSchema = z.strictObject({
  v: z.literal(1),
  records: z.array(z.unknown()).min(1).max(64),
});
