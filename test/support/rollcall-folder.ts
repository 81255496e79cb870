import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeOutsideBelow } from '../../services/sandbox/launch/passable-folder.mjs';
import { signalQuietly } from '../../services/sandbox/launch/process-table.mjs';

/** A folder of a run under test: its data in `home`, beside them what the launcher said. */

export function homeIn(folder: string): string {
  return join(folder, 'home');
}

/** The launcher leads a process group of its own, whose number stands here while it runs. */
export function launcherFileIn(folder: string): string {
  return join(folder, 'launcher.pid');
}

/** The numbers of the running parts, by name. */
export function partsIn(folder: string): ReadonlyMap<string, number> {
  const run = join(homeIn(folder), 'run');
  if (!existsSync(run)) return new Map();
  const files = readdirSync(run).filter((name) => name.endsWith('.pid'));
  return new Map(
    files.map((file) => [
      file.slice(0, -'.pid'.length),
      Number(readFileSync(join(run, file), 'utf8')),
    ]),
  );
}

/** SIGKILL for all; the launcher dies first, or it would start the others again. */
export function killRollcall(folder: string): readonly number[] {
  const file = launcherFileIn(folder);
  const launcher = existsSync(file) ? [Number(readFileSync(file, 'utf8'))] : [];
  for (const pid of launcher) signalQuietly(-pid, 'SIGKILL');
  const parts = [...partsIn(folder).values()];
  for (const pid of parts) signalQuietly(-pid, 'SIGKILL');
  rmSync(file, { force: true });
  return [...launcher, ...parts];
}

export function removeRollcall(folder: string): void {
  killRollcall(folder);
  removeOutsideBelow(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
