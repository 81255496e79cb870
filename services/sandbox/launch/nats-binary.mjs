import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fetchFromDebian } from './debian-archive.mjs';
import { isProgram, onPath } from './find-program.mjs';
import { repo } from './paths.mjs';
import { runCommand } from './run-command.mjs';
import { during, Refusal, say } from './say.mjs';

const leastVersion = [2, 10];

/**
 * A nats-server of version 2.10 or newer: from PATH, from the folder of fetched programs, or fetched
 * from the Debian archive that this machine already uses. Answers its path and version.
 */
export async function natsBinary(paths) {
  const kept = join(paths.bin, 'nats-server');
  for (const file of [...onPath('nats-server'), kept]) {
    const version = await versionOf(file);
    if (version !== undefined && newEnough(version)) return { file, version };
  }
  const shared = join(repo, '.rollcall', 'bin', 'nats-server');
  if (shared !== kept && isProgram(shared)) copyFileSync(shared, `${kept}.${process.pid}`);
  else await fetchServer(paths, `${kept}.${process.pid}`);
  renameSync(`${kept}.${process.pid}`, kept);
  const version = await versionOf(kept);
  if (version !== undefined && newEnough(version)) return { file: kept, version };
  throw new Refusal(
    `${kept} is not a nats-server 2.10 or newer; please replace it. ${waysToGetIt(paths)}`,
  );
}

async function fetchServer(paths, target) {
  say('fetching nats-server from the Debian archive');
  const problem = await during('nats-server', () =>
    fetchFromDebian({ folder: join(paths.home, 'apt'), program: 'nats-server', target }),
  );
  if (problem !== undefined) {
    throw new Refusal(
      `nats-server 2.10 or newer was not found, and could not be fetched: ${problem} ${waysToGetIt(paths)}`,
    );
  }
}

function waysToGetIt(paths) {
  return (
    "Ways to get one: your system's packages (on macOS: brew install nats-server), a binary put at " +
    `${join(paths.bin, 'nats-server')}, or a running server named by NATS_URL and NATS_MONITOR_URL.`
  );
}

/** Answers undefined for a file that is not there or is no nats-server. */
async function versionOf(file) {
  if (!isProgram(file)) return undefined;
  const { stdout } = await runCommand(file, ['--version']);
  return /v(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
}

export function newEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > leastVersion[0] || (major === leastVersion[0] && minor >= leastVersion[1]);
}
