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
    /** A book that is further behind the log than this makes the recorder not ready. */
    ROLLCALL_BOOK_BEHIND_MESSAGES: z.coerce.number().int().min(1).default(5_000),
  })
  .transform((env) => ({
    stream: streamSettingsFrom(env),
    databaseUrl: env.DATABASE_URL,
    mostBehind: env.ROLLCALL_BOOK_BEHIND_MESSAGES,
  }));
