import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fetchFromDebian } from '../../services/sandbox/launch/debian-archive.mjs';
import { onPath } from '../../services/sandbox/launch/find-program.mjs';
import { debianSource } from '../../services/sandbox/launch/debian-source.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';

/**
 * Prometheus' own judge of rules: from PATH, from the folder of fetched programs, or out of Debian's
 * package of that name, 25 MB and once. Undefined on a machine that has none and is no Debian.
 */
export async function promtool(): Promise<string | undefined> {
  const [installed] = onPath('promtool');
  if (installed !== undefined) return installed;
  const { bin } = await testPrograms();
  const kept = join(bin, 'promtool');
  if (existsSync(kept)) return kept;
  if (debianSource() === undefined) return undefined;
  const target = `${kept}.${process.pid}`;
  const folder = join(bin, `apt-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const problem = await fetchFromDebian({ folder, program: 'promtool', target });
  if (problem !== undefined) throw new Error(`promtool could not be fetched: ${problem}`);
  renameSync(target, kept);
  return kept;
}
