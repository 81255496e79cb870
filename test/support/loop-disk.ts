import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerCommand } from '../../services/sandbox/launch/postgres-server.mjs';
import { runProgram } from './run-program.ts';

/**
 * Small disks for servers under test: an ext4 file system in an image file, on a loop device. A server
 * mounts it in a mount namespace of its own, so device and mount go with the process, however that ends.
 */

/** Why this machine cannot have such disks; undefined when it can. */
export function loopDiskProblem(): string | undefined {
  if (process.platform !== 'linux') return 'loop devices are a thing of Linux';
  if (process.getuid?.() !== 0) return 'mounting a loop device needs root';
  try {
    const probe = 'test -c /dev/loop-control && command -v mkfs.ext4 setpriv >/dev/null';
    execFileSync('unshare', ['-m', '--propagation', 'private', 'sh', '-c', probe]);
    return undefined;
  } catch {
    return 'loop devices, mount namespaces or mkfs.ext4 are not to be had';
  }
}

export type ImageWish = {
  readonly file: string;
  readonly megabytes: number;
  /** A folder whose contents, owners included, stand on the new disk. */
  readonly contents?: string;
};

export async function makeImage({ file, megabytes, contents }: ImageWish): Promise<void> {
  closeSync(openSync(file, 'w'));
  truncateSync(file, megabytes * 1024 * 1024);
  // Nothing is left to be initialised later, so nobody but the server writes to the disk.
  const now = ['-E', 'lazy_itable_init=0,lazy_journal_init=0'];
  const from = contents === undefined ? [] : ['-d', contents];
  await runProgram('mkfs.ext4', ['-q', '-F', ...now, ...from, file]);
}

/** What has reached the disk by now, and nothing else: what a power cut would leave. */
export async function copyImage(from: string, to: string): Promise<void> {
  rmSync(to, { force: true });
  await runProgram('cp', ['--sparse=always', from, to]);
}

export type Mounting = {
  readonly image: string;
  /** Where the server finds its disk; the folder is made. */
  readonly folder: string;
};

/** The same server with its folder on the disk. The file system itself syncs every ten minutes only. */
export function onDisk(command: ServerCommand, { image, folder }: Mounting): ServerCommand {
  mkdirSync(folder, { recursive: true });
  const { file, args, uid, gid } = command;
  const person =
    uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const mount = 'mount -o loop,commit=600 "$1" "$2" && shift 2 && exec "$@"';
  const inside = ['sh', '-c', mount, 'sh', image, folder, ...person, file, ...args];
  return { file: 'unshare', args: ['-m', '--propagation', 'private', ...inside], cwd: '/' };
}

/** A path as the server sees it, for whoever is outside. */
export function pathOnDisk(pid: number, path: string): string {
  return `/proc/${pid}/root${path}`;
}

const filler = 'filler';

/** Takes all room that is left on the disk of a server. */
export function fillDisk(pid: number, folder: string): void {
  const file = openSync(pathOnDisk(pid, join(folder, filler)), 'w');
  const blocks = [Buffer.alloc(1024 * 1024), Buffer.alloc(4096)];
  try {
    for (const block of blocks) writeUntilFull(file, block);
  } finally {
    closeSync(file);
  }
}

/** Whether somebody still has it as a disk: what he wrote reaches the image when he lets go of it. */
export async function isInUse(image: string): Promise<boolean> {
  return (await runProgram('losetup', ['-j', image])).stdout !== '';
}

export function makeRoom(pid: number, folder: string): void {
  rmSync(pathOnDisk(pid, join(folder, filler)));
}

/** The same on the disk of a server that did not live through it. */
export async function makeRoomIn({ image, folder }: Mounting): Promise<void> {
  const remove = `mount -o loop "$1" "$2" && rm "$2/${filler}" && umount "$2"`;
  await runProgram('unshare', [
    ...['-m', '--propagation', 'private'],
    ...['sh', '-c', remove, 'sh', image, folder],
  ]);
}

function writeUntilFull(file: number, block: Buffer): void {
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
