import { readFile } from 'node:fs/promises';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { z } from 'zod';
import { RefusalError } from '#shared/process/refusal.ts';
import { changeRole } from './change-role.ts';

const passwordsSchema = z.strictObject({
  recorder: z.string().min(1),
  reader: z.string().min(1),
  executor: z.string().min(1),
  gateway: z.string().min(1),
});
export type Passwords = z.infer<typeof passwordsSchema>;

export async function readPasswords(path: string): Promise<Passwords> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new RefusalError(`the passwords file ${path} cannot be read`, { cause: error });
  });
  const parsed = passwordsSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new RefusalError(
    `the passwords file ${path} must be JSON with the texts recorder, reader, executor and gateway`,
  );
}

/** The error of JSON.parse quotes its input, which is secret here; so it is not kept. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Gives the roles of the book their passwords, again at each start. */
export async function setPasswords<Tables>(
  db: Kysely<Tables>,
  passwords: Passwords,
): Promise<void> {
  for (const [role, password] of Object.entries(passwords)) {
    await changeRole(db, `alter role rollcall_${role} password ${pg.escapeLiteral(password)}`);
  }
}
