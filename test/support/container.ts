import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What an engine is told of one container. */
export type Container = {
  /** The folder that is its root: its own files, and empty folders to mount things on. */
  readonly root: string;
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly mounts: readonly Mount[];
  /** Names that lead to this machine. */
  readonly hosts: readonly string[];
  /** A folder with the programs of the image, found as /opt/bin. */
  readonly bin: string;
};

export type Mount = {
  readonly source: string;
  readonly target: string;
  readonly writable?: boolean;
};

export type RunningContainer = {
  /** What it has said, on both of its outputs. */
  said(): string;
  /** Its exit code. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
};

/**
 * Whether this machine lets us do what an engine does: a mount namespace, chroot and other users. Only
 * root on Linux may; for others programs run as they are, in the folder, with paths put in its place.
 */
export function canJail(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const probe = 'mount --bind /usr /usr && command -v chroot && command -v setpriv';
  const { status } = spawnSync('unshare', ['--mount', 'sh', '-c', probe], { stdio: 'ignore' });
  return status === 0;
}

/**
 * Runs a program as an engine would: below that root and nothing else, which is read-only, as that user,
 * without capabilities and without a way to get any. It shares the network and the processes of this
 * machine, and its libraries, for an image of our own needs no others.
 */
export function startContainer(container: Container): RunningContainer {
  const child = canJail() ? jailed(container) : plain(container);
  let said = '';
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  }
  const ended = once(child, 'close').then(([code]: unknown[]) => Number(code ?? 128));
  return {
    said: () => said,
    ended,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

function jailed({ root, program, env, workdir, user, mounts, hosts, bin }: Container) {
  const at = (path: string): string => quoted(join(root, path));
  const script = [
    `mount --bind ${quoted(root)} ${quoted(root)}`,
    ...['etc', 'run', 'var'].map((path) => `mount -t tmpfs -o mode=755 tmpfs ${at(path)}`),
    `mount --bind /usr ${at('usr')}`,
    `for d in bin lib lib64; do ln -sfn usr/$d ${at('')}/$d; done`,
    `mount -t proc proc ${at('proc')}`,
    `mount --rbind /dev ${at('dev')}`,
    `mount --bind ${quoted(bin)} ${at('opt/bin')}`,
    `echo '127.0.0.1 localhost ${hosts.join(' ')}' > ${at('etc/hosts')}`,
    `echo 'hosts: files' > ${at('etc/nsswitch.conf')}`,
    ...mounts.flatMap((mount) => mounted(mount, at)),
    ...['', 'etc', 'run', 'var'].map((path) => `mount -o remount,bind,ro ${at(path)}`),
    `exec chroot ${quoted(root)} /usr/bin/setpriv --reuid=${user.uid} --regid=${user.gid} \
--clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all /usr/bin/env -i -C ${quoted(workdir)} \
PATH=/opt/bin:/usr/bin ${Object.entries(env)
      .map(([name, value]) => quoted(`${name}=${value}`))
      .join(' ')} ${program.map(quoted).join(' ')}`,
  ].join('\n');
  const args = ['--mount', '--propagation', 'private', 'sh', '-e', '-c', script];
  return spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

function mounted({ source, target, writable }: Mount, at: (path: string) => string) {
  const [from, to] = [quoted(source), at(target)];
  return [
    `mkdir -p "$(dirname ${to})"`,
    `if [ -d ${from} ]; then mkdir -p ${to}; else touch ${to}; fi`,
    `mount --bind ${from} ${to}`,
    ...(writable ? [] : [`mount -o remount,bind,ro ${to}`]),
  ];
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Without a jail: the same program and variables, in the folder, with the mounts where they come from. */
function plain({ root, program, env, workdir, mounts, hosts, bin }: Container) {
  const here = (word: string): string => {
    const mount = mounts.find(({ target }) => word === target || word.startsWith(`${target}/`));
    const found = mount === undefined ? word : mount.source + word.slice(mount.target.length);
    return hosts.reduce((said, host) => said.replace(`//${host}:`, '//127.0.0.1:'), found);
  };
  const [file = '', ...args] = program.map(here);
  return spawn(file, args, {
    cwd: join(root, workdir),
    env: {
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)])),
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs one to its end and says what it said; throws when it fails. */
export async function runContainer(container: Container): Promise<string> {
  const running = startContainer(container);
  const code = await running.ended;
  if (code !== 0)
    throw new Error(`${container.program.join(' ')} ended with ${code}: ${running.said()}`);
  return running.said();
}
