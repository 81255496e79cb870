import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readFrom } from './log-file.mjs';
import { shownPath } from './paths.mjs';
import { mark, stopProcess, stopSignalOf } from './process-table.mjs';
import { lastLines } from './run-command.mjs';
import { Refusal, say } from './say.mjs';

const firstPauseMs = 200;
const mostPauseMs = 10_000;
/** A process that lived this long has recovered: its next end is the first again. */
const recoveredMs = 30_000;
const mostEndsBeforeReady = 5;
const mostLogBytes = 20_000_000;

/**
 * One process, kept running: its output goes to a log file, its number to a pid file, and when it ends
 * unasked it is started again after a pause that doubles. It leads a process group of its own, so that
 * Ctrl-C in the terminal reaches only the launcher, which then stops all in order.
 */
export class Child {
  #part;
  #paths;
  #logFile;
  #pidFile;
  #process;
  #logStart = 0;
  #startedAt = 0;
  #ends = 0;
  #wasReady = false;
  #stopping = new AbortController();
  #problem;

  constructor(part, paths) {
    this.#part = part;
    this.#paths = paths;
    this.#logFile = join(paths.log, `${part.name}.log`);
    this.#pidFile = join(paths.run, `${part.name}.pid`);
  }

  /** Resolves when the process is ready, or has done its work if it is one that runs once. */
  async start() {
    this.#stopping.signal.throwIfAborted();
    if (existsSync(this.#logFile) && statSync(this.#logFile).size > mostLogBytes) {
      renameSync(this.#logFile, `${this.#logFile}.1`);
    }
    this.#spawn();
    while (!(await this.#isDone())) {
      await delay(25, undefined, { signal: this.#stopping.signal });
      if (this.#problem !== undefined) throw new Refusal(this.#problem);
    }
    this.#wasReady = true;
  }

  async stop() {
    this.#stopping.abort();
    const pid = this.#process?.pid;
    if (pid !== undefined) await stopProcess(pid, stopSignalOf(this.#part.name));
    rmSync(this.#pidFile, { force: true });
  }

  /** Ends the process and its children at once; for a person who does not want to wait. */
  kill() {
    this.#stopping.abort();
    const pid = this.#process?.pid;
    if (pid !== undefined) void stopProcess(pid, 'SIGKILL', 0);
  }

  async #isDone() {
    if (this.#part.once) return this.#process === undefined && this.#ends === 0;
    const pid = this.#process?.pid;
    if (pid === undefined) return false;
    if (this.#part.ready !== undefined) return this.#part.ready(pid);
    return readFrom(this.#logFile, this.#logStart).includes('"msg":"ready"');
  }

  #spawn() {
    const { command, env, name } = this.#part;
    const { file, args, cwd, uid, gid } = command;
    const log = openSync(this.#logFile, 'a', 0o600);
    this.#logStart = statSync(this.#logFile).size;
    this.#startedAt = Date.now();
    const child = spawn(file, args, {
      ...(uid === undefined ? {} : { uid, gid }),
      cwd,
      env: { ...env, ROLLCALL_PROCESS: mark(this.#paths, name) },
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#process = child;
    if (child.pid !== undefined) writeFileSync(this.#pidFile, `${child.pid}\n`);
    child.once(
      'error',
      (error) => (this.#problem = `${name} cannot be started: ${error.message}.`),
    );
    child.once('exit', (code, signal) => this.#ended(code, signal));
  }

  #ended(code, signal) {
    this.#process = undefined;
    rmSync(this.#pidFile, { force: true });
    if (this.#stopping.signal.aborted || (this.#part.once && code === 0)) return;
    this.#ends = Date.now() - this.#startedAt > recoveredMs ? 1 : this.#ends + 1;
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    if (!this.#wasReady && (this.#part.once || this.#ends >= mostEndsBeforeReady)) {
      this.#problem = `${this.#part.name} ended ${how} before it was ready; ${this.#lastWords()}`;
      return;
    }
    const pauseMs = Math.min(mostPauseMs, firstPauseMs * 2 ** (this.#ends - 1));
    if (this.#wasReady) {
      say(
        `${this.#part.name} ended ${how}; it is started again in ${pauseMs / 1000} s (${shownPath(this.#logFile)})`,
      );
    }
    delay(pauseMs, undefined, { signal: this.#stopping.signal })
      .then(() => this.#spawn())
      .catch((error) => {
        if (error.name !== 'AbortError')
          say(`${this.#part.name} cannot be started: ${error.message}`);
      });
  }

  #lastWords() {
    const words = lastLines(readFrom(this.#logFile, this.#logStart), 5);
    const file = shownPath(this.#logFile);
    return words === '' ? `it said nothing in ${file}.` : `the end of ${file} is:\n${words}`;
  }
}
