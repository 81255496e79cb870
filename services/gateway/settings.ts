import { z } from 'zod';
import { streamSettingsFrom, streamVariables } from '#shared/stream/settings.ts';

/** The gateway's surroundings. Every default is visible here. */
export const settingsSchema = z
  .object({
    ...streamVariables,
    /** As role rollcall_gateway: postgres://user:password@host:port/database. */
    DATABASE_URL: z.url({
      protocol: /^postgres(?:ql)?$/,
      error: 'must be postgres://user:password@host:port/database',
    }),
    /** Of an account that may create tokenreviews and subjectaccessreviews, and get pools. */
    ROLLCALL_KUBECONFIG: z.string(),
    ROLLCALL_KUBE_CONTEXT: z.string().optional(),
    /** Whether KubeVirt's own controllers act on sets too: warnings of the admission webhook say so. */
    ROLLCALL_KUBEVIRT_CONTROLLERS: z.enum(['running', 'off']).default('running'),
    /** HOST:PORT; port 0 takes any free one. Beyond loopback only with TLS, or behind something that has it. */
    ROLLCALL_GATEWAY_LISTEN: z
      .string()
      .regex(/^(?:\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i, 'must be HOST:PORT')
      .default('127.0.0.1:7480'),
    /** PEM files; both or neither. */
    ROLLCALL_GATEWAY_TLS_CERT_FILE: z.string().optional(),
    ROLLCALL_GATEWAY_TLS_KEY_FILE: z.string().optional(),
    /** The token of the API server's audit webhook; without it there is no /hooks/audit. */
    ROLLCALL_AUDIT_TOKEN_FILE: z.string().optional(),
    /** An API server sends up to 400 events at once. */
    ROLLCALL_AUDIT_MOST_MEBIBYTES: z.coerce.number().min(1).max(256).default(32),
    /** Records handed to the broker and not yet stored. */
    ROLLCALL_INTAKE_IN_FLIGHT: z.coerce.number().int().min(1).max(50_000).default(4_096),
    /** How long a delivery waits to be stored; the sender's own patience is 30 s. */
    ROLLCALL_INTAKE_PATIENCE_SECONDS: z.coerce.number().min(1).max(60).default(10),
  })
  .refine(
    (env) =>
      (env.ROLLCALL_GATEWAY_TLS_CERT_FILE === undefined) ===
      (env.ROLLCALL_GATEWAY_TLS_KEY_FILE === undefined),
    'ROLLCALL_GATEWAY_TLS_CERT_FILE and ROLLCALL_GATEWAY_TLS_KEY_FILE belong together',
  )
  .transform((env) => ({
    stream: streamSettingsFrom(env),
    databaseUrl: env.DATABASE_URL,
    cluster: {
      kubeconfig: env.ROLLCALL_KUBECONFIG,
      ...(env.ROLLCALL_KUBE_CONTEXT !== undefined && { context: env.ROLLCALL_KUBE_CONTEXT }),
    },
    kubevirtControllers: env.ROLLCALL_KUBEVIRT_CONTROLLERS,
    listen: addressIn(env.ROLLCALL_GATEWAY_LISTEN),
    tlsFiles:
      env.ROLLCALL_GATEWAY_TLS_CERT_FILE === undefined ||
      env.ROLLCALL_GATEWAY_TLS_KEY_FILE === undefined
        ? undefined
        : { cert: env.ROLLCALL_GATEWAY_TLS_CERT_FILE, key: env.ROLLCALL_GATEWAY_TLS_KEY_FILE },
    audit: {
      tokenFile: env.ROLLCALL_AUDIT_TOKEN_FILE,
      mostBytes: Math.round(env.ROLLCALL_AUDIT_MOST_MEBIBYTES * 1024 * 1024),
    },
    intake: {
      mostInFlight: env.ROLLCALL_INTAKE_IN_FLIGHT,
      patienceMs: env.ROLLCALL_INTAKE_PATIENCE_SECONDS * 1_000,
    },
  }));

export type Settings = z.output<typeof settingsSchema>;

function addressIn(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(text.slice(colon + 1)),
  };
}
