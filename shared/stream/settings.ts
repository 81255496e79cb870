import { z } from 'zod';

/** The variables of every service that uses the log, to be spread into its own schema. */
export const streamVariables = {
  /** Names the stream, ROLLCALL_<cluster>. */
  ROLLCALL_CLUSTER: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'only letters, digits, - and _')
    .default('default'),
  /** With the user in it: nats://user:password@host:port. */
  NATS_URL: z.url({
    protocol: /^(?:nats|tls)$/,
    error: 'must be nats://[user:password@]host:port',
  }),
  /** Where the server says how it syncs: http://host:port. */
  NATS_MONITOR_URL: z.url({ protocol: /^https?$/, error: 'must be http://host:port' }).optional(),
  /** Most bytes of the log, said by the provision step; without it only the server's disk is a limit. */
  ROLLCALL_LOG_BYTES: z.coerce.number().int().min(1_000_000).optional(),
  /** On how many servers of a NATS cluster the log lies, said by the provision step. */
  ROLLCALL_LOG_REPLICAS: z.enum(['1', '3', '5']).optional(),
  /** 1: run on a server that does not sync each write, and so loses data in a power cut. */
  ROLLCALL_ALLOW_LAZY_SYNC: z.enum(['0', '1']).default('0'),
} as const;

const streamVariablesSchema = z.object(streamVariables);

export type StreamSettings = {
  readonly cluster: string;
  readonly url: string;
  readonly monitorUrl?: string | undefined;
  readonly allowLazySync: boolean;
  /** What the log may hold; as the broker has it when absent. */
  readonly logBytes?: number | undefined;
  /** On how many servers it lies; as the broker has it when absent. */
  readonly logReplicas?: number | undefined;
};

/** Alone, for programs that need nothing else. */
export const streamSettingsSchema = streamVariablesSchema.transform(streamSettingsFrom);

export function streamSettingsFrom(env: z.output<typeof streamVariablesSchema>): StreamSettings {
  return {
    cluster: env.ROLLCALL_CLUSTER,
    url: env.NATS_URL,
    monitorUrl: env.NATS_MONITOR_URL,
    allowLazySync: env.ROLLCALL_ALLOW_LAZY_SYNC === '1',
    logBytes: env.ROLLCALL_LOG_BYTES,
    logReplicas:
      env.ROLLCALL_LOG_REPLICAS === undefined ? undefined : Number(env.ROLLCALL_LOG_REPLICAS),
  };
}
