/** A failure that a person can mend. Its message is one sentence, printed without a stack. */
export class Refusal extends Error {
  name = 'Refusal';
}

const tty = process.stdout.isTTY === true;
const waits = new Map();
let ticker;

export function say(line) {
  if (tty && waits.size > 0) process.stdout.write('\r\x1b[K');
  process.stdout.write(`${line}\n`);
}

/**
 * Runs a piece of work and shows that it is under way once it takes more than two seconds: on a
 * terminal one line that counts the seconds, elsewhere a line now and then.
 */
export async function during(what, work) {
  const began = Date.now();
  waits.set(what, { began, toldAt: began });
  ticker ??= setInterval(tick, 500);
  try {
    return await work();
  } finally {
    waits.delete(what);
    if (tty) process.stdout.write('\r\x1b[K');
    if (waits.size === 0) {
      clearInterval(ticker);
      ticker = undefined;
    }
  }
}

function tick() {
  const now = Date.now();
  const slow = [...waits].filter(([, wait]) => now - wait.began >= 2_000);
  if (tty && slow.length > 0) {
    const parts = slow.map(
      ([what, wait]) => `${what} (${Math.round((now - wait.began) / 1000)} s)`,
    );
    process.stdout.write(`\r\x1b[K… ${parts.join(', ')}`.slice(0, process.stdout.columns || 100));
    return;
  }
  for (const [what, wait] of slow) {
    const pauseMs = wait.toldAt === wait.began ? 2_000 : 15_000;
    if (now - wait.toldAt < pauseMs) continue;
    wait.toldAt = now;
    say(`… ${what} (${Math.round((now - wait.began) / 1000)} s)`);
  }
}

/**
 * Runs the main function of a launcher: a refusal is one sentence and exit code 1, never a stack. After
 * a failure nothing is left to wait for, so no forgotten timer or socket may keep the process.
 */
export async function launch(main) {
  try {
    await main();
  } catch (error) {
    if (error instanceof Refusal) process.stderr.write(`${error.message}\n`);
    else process.stderr.write(`${error?.stack ?? error}\n`);
    process.exit(1);
  }
}
