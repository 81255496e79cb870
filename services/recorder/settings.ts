import { z } from 'zod';
import { streamSettingsFrom, streamVariables } from '#shared/stream/settings.ts';

export const recorderSettingsSchema = z
  .object({
    ...streamVariables,
    /** As role rollcall_recorder: postgres://user:password@host:port/database. */
    DATABASE_URL: z.url({
      protocol: /^postgres(?:ql)?$/,
      error: 'must be postgres://user:password@host:port/database',
    }),
  })
  .transform((env) => ({ stream: streamSettingsFrom(env), databaseUrl: env.DATABASE_URL }));
