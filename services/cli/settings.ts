import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { modes } from '#shared/contract/words.ts';
import type { Environment } from '#shared/process/parse-settings.ts';
import { unavailableError } from './failure.ts';

const settingsSchema = z.object({
  /** As a role that may only read. */
  databaseUrl: z.string(),
  natsUrl: z.string().optional(),
  natsMonitorUrl: z.string().optional(),
  cluster: z.string().default('default'),
  /** The cluster that Rollcall runs on, as whoever types here may enter it. */
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  /** The services enter the cluster as that kubeconfig does, and not by accounts of their own. */
  servicesUseKubeconfig: z.boolean().optional(),
  /** How the services were started. */
  mode: z.enum(modes).optional(),
  kubevirtControllers: z.enum(['running', 'off']).optional(),
});
export type CliSettings = z.infer<typeof settingsSchema>;

/** Reads where the book and the log are from the file that `npm start` writes. */
export async function readSettings(
  env: Environment,
  folders: readonly string[],
): Promise<CliSettings> {
  const path = settingsPath(env, folders);
  if (path === undefined) {
    throw unavailableError(
      'no .rollcall/cli.json was found; start Rollcall with npm start, or name the file in ROLLCALL_CLI_CONFIG',
    );
  }
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unavailableError(`${path} cannot be read`, { cause: error });
  });
  const parsed = settingsSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw unavailableError(`${path} is not what npm start writes; start Rollcall again`);
}

/** The file that is named, else that of ROLLCALL_HOME, else the nearest one above one of the folders. */
export function settingsPath(env: Environment, folders: readonly string[]): string | undefined {
  const named = env['ROLLCALL_CLI_CONFIG'];
  if (named !== undefined && named !== '') return named;
  const home = env['ROLLCALL_HOME'];
  if (home !== undefined && home !== '') return join(home, 'cli.json');
  return folders
    .flatMap(foldersAbove)
    .map((folder) => join(folder, '.rollcall', 'cli.json'))
    .find((path) => existsSync(path));
}

function foldersAbove(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
}

/** The error of JSON.parse quotes its input, which holds a password; so it is not kept. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
