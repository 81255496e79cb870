import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export type ProgramResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

export type ProgramOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Hands back a failure's exit code instead of throwing. */
  readonly mayFail?: boolean;
};

/** Runs a program to its end; throws with what it said on stderr when it fails. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const child = spawn(file, args, {
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.env !== undefined && { env: options.env }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {}); // A program may end before it has read its input.
  child.stdin.end(options.input ?? '');
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0 && options.mayFail !== true) {
    throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${stderr || stdout}`);
  }
  return { code, stdout, stderr };
}
