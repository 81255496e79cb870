import { readFileSync } from 'node:fs';
import type { Environment } from './parse-settings.ts';
import { RefusalError } from './refusal.ts';

/** Addresses with a password in them, which may stand in a file instead: NATS_URL_FILE names it. */
const secrets = ['NATS_URL', 'DATABASE_URL'] as const;

/**
 * The environment with those secrets filled in that it only names a file for. A file that is mounted
 * reaches one process; a variable shows in the description of a pod and in whatever a process starts.
 */
export function secretsFromFiles(env: Environment): Environment {
  const found = secrets.flatMap((name) => {
    const file = env[`${name}_FILE`];
    if (file === undefined || file === '') return [];
    if (env[name] !== undefined) {
      throw new RefusalError(`${name} and ${name}_FILE are both set; only one can hold`);
    }
    return [[name, readSecret(name, file)] as const];
  });
  return { ...env, ...Object.fromEntries(found) };
}

function readSecret(name: string, file: string): string {
  try {
    // An editor ends a file with a newline, which belongs to no address.
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new RefusalError(`the file ${file} of ${name}_FILE cannot be read`, { cause: error });
  }
}
