import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { say } from './say.mjs';

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
  return !/^\d+ \(.*\) [ZX]/.test(readIfThere(`/proc/${pid}/stat`));
}

/** Set in the environment of everything that is started, to know it again. */
export function mark(paths, name) {
  return `${name}@${paths.home}`;
}

/**
 * Whether a process is the one that was started under that mark. Its number alone proves nothing, as
 * the system gives numbers out again.
 */
export function isMarked(pid, wanted) {
  const entry = `ROLLCALL_PROCESS=${wanted}`;
  if (existsSync('/proc/self/environ')) {
    return readIfThere(`/proc/${pid}/environ`).split('\0').includes(entry);
  }
  try {
    const ps = ['-E', '-ww', '-o', 'command=', '-p', `${pid}`];
    return execFileSync('ps', ps, { encoding: 'utf8' }).includes(` ${entry}`);
  } catch {
    return false;
  }
}

/** Ends what an earlier launcher of this folder left running when it was killed. */
export async function stopLeftovers(paths) {
  const found = readdirSync(paths.run)
    .filter((name) => name.endsWith('.pid'))
    .map((name) => ({ name: basename(name, '.pid'), file: join(paths.run, name) }))
    .map((entry) => ({ ...entry, pid: Number(readIfThere(entry.file)) }));
  const alive = found.filter(
    ({ name, pid }) => pid > 1 && isAlive(pid) && isMarked(pid, mark(paths, name)),
  );
  if (alive.length > 0) {
    say(`stopping what an earlier start left running: ${alive.map(({ name }) => name).join(', ')}`);
  }
  const isServer = ({ name }) => ['nats', 'postgres', 'sandbox'].includes(name);
  const services = alive.filter((entry) => !isServer(entry));
  // A service that stops still wants to say goodbye to its servers.
  for (const wave of [services, alive.filter(isServer)]) {
    await Promise.all(wave.map(({ name, pid }) => stopProcess(pid, stopSignalOf(name))));
  }
  for (const { file } of found) rmSync(file, { force: true });
}

/** Postgres takes SIGTERM as "wait until every client has left". */
export function stopSignalOf(name) {
  return name === 'postgres' ? 'SIGINT' : 'SIGTERM';
}

/** Asks a process to stop, and ends it with all its children when it has not after ten seconds. */
export async function stopProcess(pid, signal, patienceMs = 10_000) {
  signalQuietly(pid, signal);
  const deadline = Date.now() + patienceMs;
  while (isAlive(pid) && Date.now() < deadline) await delay(20);
  if (!isAlive(pid)) return;
  signalQuietly(-pid, 'SIGKILL');
  while (isAlive(pid)) await delay(20);
}

/** A process that has ended meanwhile is what was wanted. */
export function signalQuietly(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
