import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fetchFromDebian } from '../../services/sandbox/launch/debian-archive.mjs';
import { onPath } from '../../services/sandbox/launch/find-program.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { runProgram } from './run-program.ts';

/**
 * Compose itself, which reads its file without an engine: as a plugin of docker or alone on PATH, from the
 * folder of fetched programs, or out of Debian's package, 17 MB and once. Undefined where there is none.
 */
export async function dockerCompose(): Promise<readonly string[] | undefined> {
  const [docker] = onPath('docker');
  if (docker !== undefined) {
    const { code } = await runProgram(docker, ['compose', 'version'], { mayFail: true });
    if (code === 0) return [docker, 'compose'];
  }
  const { bin } = await testPrograms();
  const kept = join(bin, 'docker-compose');
  if (existsSync(kept)) return [kept];
  const target = `${kept}.${process.pid}`;
  const folder = join(bin, `apt-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const problem = await fetchFromDebian({ folder, program: 'docker-compose', target });
  if (problem !== undefined) return undefined;
  renameSync(target, kept);
  return [kept];
}
