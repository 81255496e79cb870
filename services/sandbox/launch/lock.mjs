import { createHash } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Older Node fills an abstract address up with zeroes, newer Node does not: only a name that fills it by
 * itself is the same for both, and a first start runs on another Node than the next command.
 */
const abstractLength = 107;

/**
 * Takes the data folder for this process; false when another one has it. The lock is a listening
 * socket, which ends with its process however that ends, so it is never left behind.
 */
export async function lockFolder(folder) {
  const { dev, ino } = statSync(folder);
  const name = createHash('sha256').update(`${dev}:${ino}:${folder}`).digest('hex').slice(0, 24);
  if (process.platform === 'linux')
    return listens(`\0${`rollcall-${name}`.padEnd(abstractLength, '-')}`);
  const file = join(tmpdir(), `rollcall-${name}.sock`);
  if (await listens(file)) return true;
  if (await answers(file)) return false;
  rmSync(file, { force: true });
  return listens(file);
}

function listens(path) {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy()).unref();
    server.once('error', () => resolve(false));
    server.listen(path, () => resolve(true));
  });
}

function answers(path) {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => resolve(false)).unref();
  });
}
