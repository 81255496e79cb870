import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const module = (name: string) => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));

/** Runs a main in a process of its own; `act` may do something to it once it says ready. */
async function run(main: string, act: (pid: number) => void = () => undefined) {
  const source = `
    import { runProcess } from ${module('./run-process.ts')};
    import { systemClock } from ${module('./clock.ts')};
    import { RefusalError } from ${module('./refusal.ts')};
    await runProcess('sample', ${main});`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    env: { GREETING: 'hello' },
  });
  child.stdout.once('data', () => act(child.pid ?? 0));
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code]: unknown[] = await once(child, 'exit');
  const [out, err] = await output;
  return { code, out: out.trim().split('\n'), err };
}

test('ends with 0 when the service returns, and gives it the environment', async () => {
  const { code, out } = await run(
    'async ({ env, log }) => log.info({ said: env.GREETING }, "ready")',
  );
  expect(code).toBe(0);
  expect(JSON.parse(out[0] ?? '')).toMatchObject({ name: 'sample', said: 'hello', msg: 'ready' });
});

test('aborts the signal on SIGTERM and ends with 0', async () => {
  const main = `async ({ log, signal }) => {
    log.info('ready');
    await systemClock.sleep(20_000, signal);
  }`;
  const { code, out } = await run(main, (pid) => process.kill(pid, 'SIGTERM'));
  expect(code).toBe(0);
  expect(out.at(-1)).toContain('stopped');
});

test('ends with 1 and the cause in the log when the service fails', async () => {
  const { code, out } = await run(
    'async () => { throw new Error("opening", { cause: new Error("no disk") }); }',
  );
  expect(code).toBe(1);
  expect(out[0]).toContain('no disk');
});

test('says in one sentence on stderr what the operator must mend', async () => {
  const { code, err } = await run('async () => { throw new RefusalError("NATS is too old"); }');
  expect(code).toBe(1);
  expect(err).toBe('sample: NATS is too old\n');
});
