import { readdir, readFile } from 'node:fs/promises';

/** What a process, with all that descends from it, takes of the machine; as the kernel counts it. */
export type Cost = {
  /** Bytes in memory; of its children only what they do not share. */
  readonly memory: number;
  /** The most that it ever had, without its children. */
  readonly peakMemory: number;
  /** Seconds of CPU time so far, of living and ended children too. */
  readonly cpuSeconds: number;
};

/** Linux counts CPU time in these for programs, on every architecture. */
const ticksPerSecond = 100;

/** Undefined where there is no such process, or no /proc. */
export async function costOf(pid: number): Promise<Cost | undefined> {
  const own = await read(pid);
  if (own === undefined) return undefined;
  const children = await descendantsOf(pid);
  const all = await Promise.all(children.map(read));
  let { memory, cpuSeconds } = own;
  for (const child of all) {
    memory += child?.anonymous ?? 0;
    cpuSeconds += child?.cpuSeconds ?? 0;
  }
  return { memory, cpuSeconds, peakMemory: own.peakMemory };
}

async function read(pid: number) {
  try {
    const [status, stat] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    const bytes = (field: string) =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
    // After the name, which may hold anything: utime, stime, cutime, cstime are fields 14 to 17.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
    return {
      memory: bytes('VmRSS'),
      anonymous: bytes('RssAnon'),
      peakMemory: bytes('VmHWM'),
      cpuSeconds: ticks / ticksPerSecond,
    };
  } catch {
    return undefined;
  }
}

async function descendantsOf(pid: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const file = `/proc/${pid}/task/${thread}/children`;
    const children = (await readFile(file, 'utf8').catch(() => '')).split(' ').filter(Boolean);
    for (const child of children.map(Number)) found.push(child, ...(await descendantsOf(child)));
  }
  return found;
}
