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
import { failureWords } from './failure-words.mjs';
import { readFrom } from './log-file.mjs';
import { shownPath } from './paths.mjs';
import { mark, stopProcess, stopSignalOf } from './process-table.mjs';
import { Refusal, say } from './say.mjs';

const firstPauseMs = 200;
const mostPauseMs = 10_000;
/** A process that lived this long has recovered: its next end is the first again. */
const recoveredMs = 30_000;
/**
 * After a kill -9 Postgres needs some tries: processes of the old one still hold its folder for a moment.
 */
const mostEndsBeforeReady = 5;
/** A service says so of what a person must mend; trying again would not help. */
const refused = '"msg":"refused to start"';
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
    // A program that is not there has no number, and no exit is told of it.
    child.on('error', (error) => {
      if (child.pid === undefined) this.#ended(`could not be run (${error.code})`);
    });
    child.once('exit', (code, signal) => {
      if (this.#part.once && code === 0) this.#forget();
      else this.#ended(signal === null ? `ended with exit code ${code}` : `ended by ${signal}`);
    });
  }

  #forget() {
    this.#process = undefined;
    rmSync(this.#pidFile, { force: true });
  }

  #ended(how) {
    this.#forget();
    if (this.#stopping.signal.aborted) return;
    const { name, once } = this.#part;
    this.#ends = Date.now() - this.#startedAt > recoveredMs ? 1 : this.#ends + 1;
    const isHopeless = () => readFrom(this.#logFile, this.#logStart).includes(refused);
    if (!this.#wasReady && (once || this.#ends >= mostEndsBeforeReady || isHopeless())) {
      this.#problem = this.#failure(how);
      return;
    }
    const pauseMs = Math.min(mostPauseMs, firstPauseMs * 2 ** (this.#ends - 1));
    const log = shownPath(this.#logFile);
    if (this.#wasReady) say(`${name} ${how}; it is started again in ${pauseMs / 1000} s (${log})`);
    delay(pauseMs, undefined, { signal: this.#stopping.signal })
      .then(() => this.#spawn())
      .catch((error) => {
        if (error.name !== 'AbortError')
          say(`${this.#part.name} cannot be started: ${error.message}`);
      });
  }

  /** One sentence: what failed, what it said, and where more of it stands. */
  #failure(how) {
    const words = failureWords(readFrom(this.#logFile, this.#logStart));
    const said = words === undefined ? '' : `, saying "${words}"`;
    return `${this.#part.name} did not start: it ${how}${said} (its log is ${shownPath(this.#logFile)}).`;
  }
}
