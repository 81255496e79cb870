import { spawn } from 'node:child_process';

/**
 * Runs a program to its end and hands back its exit code and what it said; never throws for a failure
 * of the program. A program that cannot be started has code 127.
 */
export function runCommand(file, args, options = {}) {
  return new Promise((resolve) => {
    const { input, ...spawnOptions } = options;
    const child = spawn(file, args, { ...spawnOptions, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.stdin.on('error', () => {}); // A program may end before it has read its input.
    child.stdin.end(input ?? '');
    child.on('error', (error) => resolve({ code: 127, stdout, stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** The last lines of a text that say something, for an error message. */
export function lastLines(text, count = 3) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}
