import { chmodSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { removeOutsideBelow } from './passable-folder.mjs';
import { signalQuietly } from './process-table.mjs';

/**
 * Runs tests in a temporary folder of their own. However they end, also by Ctrl-C, the servers that they
 * started are ended and their files are gone. `env` carries the folder and the mark of the run.
 */
export async function inTestRun(work) {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'rollcall-test-'));
  chmodSync(folder, 0o711);
  const mark = basename(folder);
  try {
    return await work({ folder, env: { TMPDIR: folder, ROLLCALL_TEST_RUN: mark } });
  } finally {
    for (let left = marked(mark); left.length > 0; left = marked(mark)) {
      for (const pid of left) signalQuietly(pid, 'SIGKILL');
    }
    removeOutsideBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Processes that inherited the mark; only Linux shows the environment of others. */
function marked(mark) {
  let entries;
  try {
    entries = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return entries.map(Number).filter((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      return environment.includes(`ROLLCALL_TEST_RUN=${mark}`);
    } catch {
      return false; // It has ended, or belongs to somebody else.
    }
  });
}
