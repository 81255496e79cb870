import { z } from 'zod';
import { streamSettingsFrom, streamVariables } from '#shared/stream/settings.ts';

/** The watcher's surroundings. Every default is visible here. */
export const settingsSchema = z
  .object({
    ...streamVariables,
    ROLLCALL_KUBECONFIG: z.string(),
    ROLLCALL_KUBE_CONTEXT: z.string().optional(),
    ROLLCALL_DIGEST_KEY_FILE: z.string(),
    /** How often each kind is listed anew; the log always holds two whole surveys. */
    ROLLCALL_SURVEY_EACH_MINUTES: z.coerce
      .number()
      .positive()
      .max(24 * 60)
      .default(360),
    ROLLCALL_LIST_PAGE_SIZE: z.coerce.number().int().min(1).max(5_000).default(500),
    /** A watch without a byte for this long is taken for dead. */
    ROLLCALL_WATCH_IDLE_SECONDS: z.coerce.number().min(1).max(3_600).default(150),
    /** Facts handed to the broker and not yet stored. */
    ROLLCALL_FACTS_IN_FLIGHT: z.coerce.number().int().min(1).max(50_000).default(4_096),
    /** Facts kept back under pressure before watches are read more slowly. */
    ROLLCALL_FACTS_HELD: z.coerce.number().int().min(1).max(1_000_000).default(20_000),
  })
  .transform((env) => ({
    stream: streamSettingsFrom(env),
    cluster: {
      kubeconfig: env.ROLLCALL_KUBECONFIG,
      ...(env.ROLLCALL_KUBE_CONTEXT !== undefined && { context: env.ROLLCALL_KUBE_CONTEXT }),
      watchIdleMs: env.ROLLCALL_WATCH_IDLE_SECONDS * 1000,
    },
    digestKeyFile: env.ROLLCALL_DIGEST_KEY_FILE,
    surveyEachMs: Math.round(env.ROLLCALL_SURVEY_EACH_MINUTES * 60_000),
    pageSize: env.ROLLCALL_LIST_PAGE_SIZE,
    limits: { inFlight: env.ROLLCALL_FACTS_IN_FLIGHT, held: env.ROLLCALL_FACTS_HELD },
  }));

export type Settings = z.output<typeof settingsSchema>;
