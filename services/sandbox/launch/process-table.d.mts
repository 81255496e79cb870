export function isAlive(pid: number): boolean;
/** A negative number means a process group; a process that has ended is no error. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void;
export function stopProcess(
  pid: number,
  signal: NodeJS.Signals,
  patienceMs?: number,
): Promise<void>;
