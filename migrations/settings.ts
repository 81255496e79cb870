import { z } from 'zod';

/** The migration runs as the owner of the database, never as one of the book's roles. */
export const migrationSettingsSchema = z
  .object({
    DATABASE_URL: z.url({
      protocol: /^postgres(?:ql)?$/,
      error: 'must be postgres://user:password@host:port/database',
    }),
    /** JSON {recorder, reader, executor, gateway}; without it the passwords stay as they are. */
    ROLLCALL_DB_PASSWORDS_FILE: z.string().optional(),
  })
  .transform((env) => ({
    databaseUrl: env.DATABASE_URL,
    passwordsFile: env.ROLLCALL_DB_PASSWORDS_FILE,
  }));
