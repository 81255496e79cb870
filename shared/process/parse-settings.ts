/** The environment does not describe a service that could run; the message lists every fault. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** As much of a zod schema as reading settings takes. */
export type SettingsSchema<Settings> = {
  safeParse(
    input: unknown,
  ):
    | { readonly success: true; readonly data: Settings }
    | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } };
};

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads settings from the environment. An empty variable counts as absent, as shells and compose files
 * write one where nothing is meant. Values are not repeated in the error, for they may be secrets.
 */
export function parseSettings<Settings>(
  schema: SettingsSchema<Settings>,
  env: Environment,
): Settings {
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.length === 0 ? 'settings' : issue.path.join('.')}: ${issue.message}`,
  );
  throw new SettingsError(`the settings are not usable: ${problems.join('; ')}`);
}
