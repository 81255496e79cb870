import { z } from 'zod';
import { modes } from '#shared/contract/words.ts';
import { streamSettingsFrom, streamVariables } from '#shared/stream/settings.ts';

/** The reconciler's surroundings. It knows the log, and neither cluster nor database. */
export const settingsSchema = z
  .object({
    ...streamVariables,
    /** For sets that do not say themselves. */
    ROLLCALL_MODE: z.enum(modes).default('observe'),
    /** Whether KubeVirt's own replica controllers run in this cluster. */
    ROLLCALL_KUBEVIRT_CONTROLLERS: z.enum(['running', 'off']).default('running'),
    /** Most commands of one plan. */
    ROLLCALL_BURST: z.coerce.number().int().min(1).max(250).default(250),
    /** Most commands of one set that may be pending. */
    ROLLCALL_PENDING: z.coerce.number().int().min(1).max(5_000).default(500),
    /** Deletions above the larger of count and share of a set, within the window, are held. */
    ROLLCALL_MASS_DELETE_COUNT: z.coerce.number().int().min(0).default(10),
    ROLLCALL_MASS_DELETE_SHARE: z.coerce.number().min(0).max(1).default(0.2),
    ROLLCALL_MASS_DELETE_WINDOW_MINUTES: z.coerce.number().positive().default(10),
    /** Snapshots are due after so many folded records, but not more often than this. */
    ROLLCALL_SNAPSHOT_RECORDS: z.coerce.number().int().min(1).default(20_000),
    ROLLCALL_SNAPSHOT_EACH_SECONDS: z.coerce.number().min(1).max(3_600).default(60),
    /** Stands in the log beside every take-over: which code decided. */
    ROLLCALL_VERSION: z.string().default('0.1.0'),
  })
  .transform((env) => ({
    stream: streamSettingsFrom(env),
    codeVersion: env.ROLLCALL_VERSION,
    policy: { mode: env.ROLLCALL_MODE, kubevirtControllers: env.ROLLCALL_KUBEVIRT_CONTROLLERS },
    snapshots: {
      records: env.ROLLCALL_SNAPSHOT_RECORDS,
      eachMs: Math.round(env.ROLLCALL_SNAPSHOT_EACH_SECONDS * 1_000),
    },
    limits: {
      burst: env.ROLLCALL_BURST,
      pending: env.ROLLCALL_PENDING,
      massDeleteCount: env.ROLLCALL_MASS_DELETE_COUNT,
      massDeleteShare: env.ROLLCALL_MASS_DELETE_SHARE,
      massDeleteWindowMs: Math.round(env.ROLLCALL_MASS_DELETE_WINDOW_MINUTES * 60_000),
    },
  }));

export type Settings = z.output<typeof settingsSchema>;
