import { z } from 'zod';
import { streamSettingsFrom, streamVariables } from '#shared/stream/settings.ts';

/** The executor's surroundings. Every default is visible here. */
export const settingsSchema = z
  .object({
    ...streamVariables,
    DATABASE_URL: z.string(),
    ROLLCALL_KUBECONFIG: z.string(),
    ROLLCALL_KUBE_CONTEXT: z.string().optional(),
    ROLLCALL_DIGEST_KEY_FILE: z.string(),
    ROLLCALL_MODE: z.enum(['observe', 'advise', 'manage']).default('observe'),
    ROLLCALL_KUBEVIRT_CONTROLLERS: z.enum(['running', 'off']).default('running'),
    /** Most API calls in flight, of creates and of everything else. */
    ROLLCALL_CREATES_IN_FLIGHT: z.coerce.number().int().min(1).max(256).default(24),
    ROLLCALL_CALLS_IN_FLIGHT: z.coerce.number().int().min(1).max(256).default(24),
  })
  .transform((env) => ({
    stream: streamSettingsFrom(env),
    databaseUrl: env.DATABASE_URL,
    cluster: {
      kubeconfig: env.ROLLCALL_KUBECONFIG,
      ...(env.ROLLCALL_KUBE_CONTEXT !== undefined && { context: env.ROLLCALL_KUBE_CONTEXT }),
    },
    digestKeyFile: env.ROLLCALL_DIGEST_KEY_FILE,
    policy: { mode: env.ROLLCALL_MODE, kubevirtControllers: env.ROLLCALL_KUBEVIRT_CONTROLLERS },
    createsInFlight: env.ROLLCALL_CREATES_IN_FLIGHT,
    callsInFlight: env.ROLLCALL_CALLS_IN_FLIGHT,
  }));

export type Settings = z.output<typeof settingsSchema>;
