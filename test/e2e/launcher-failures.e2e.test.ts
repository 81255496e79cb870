import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { cleanEnvironment } from '../../services/sandbox/launch/environment.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { freePort } from '../support/free-port.ts';
import { homeIn, partsIn, removeRollcall } from '../support/rollcall-folder.ts';
import { runProgram } from '../support/run-program.ts';
import { startRollcall } from '../support/start-rollcall.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';

/** What `npm start` does when something is in its way. */

const repo = fileURLToPath(new URL('../..', import.meta.url));
const launcher = join(repo, 'services/sandbox/launch/start.mjs');
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder('failures');
});

afterAll(async () => {
  removeRollcall(folder.path);
  await folder.remove();
});

/** A start that is expected to end by itself, on a data folder that all of these starts share. */
async function failedStart(env: Readonly<Record<string, string>>) {
  const { node, bin } = await testPrograms();
  const home = homeIn(folder.path);
  const settings = { ...cleanEnvironment(process.env), ROLLCALL_HOME: home, ROLLCALL_BIN: bin };
  const ended = await runProgram(node, [launcher], { env: { ...settings, ...env }, mayFail: true });
  return { ...ended, home };
}

test('the command line without packages says what to type', async () => {
  const bare = await temporaryFolder('bare');
  onTestFinished(() => bare.remove());
  for (const part of ['services/cli/rollcall.mjs', 'services/sandbox/launch']) {
    cpSync(join(repo, part), join(bare.path, part), { recursive: true });
  }
  const { node } = await testPrograms();
  const command = join(bare.path, 'services/cli/rollcall.mjs');
  expect(await runProgram(node, [command, 'status'], { mayFail: true })).toMatchObject({
    code: 1,
    stderr:
      'The packages are not installed yet: type npm start, which also starts Rollcall, or npm ci for them alone.\n',
  });
});

describe('a start of which one part cannot start', () => {
  test.each([
    {
      what: 'a service',
      env: { ROLLCALL_CREATES_IN_FLIGHT: 'many' },
      sentence: /^executor did not start: it ended with exit code 1, saying ".+" \(.+\)\.\n$/,
      log: 'executor.log',
    },
    {
      what: 'a step that runs once',
      env: { ROLLCALL_CLUSTER: 'no.such' },
      sentence: /^provision did not start: it ended with exit code 1, saying ".+" \(.+\)\.\n$/,
      log: 'provision.log',
    },
  ])(
    'says in one sentence that it was $what and where the log is, stops all else, and exits with 1',
    async ({ env, sentence, log }) => {
      const { code, stderr, home } = await failedStart(env);
      expect(stderr).toMatch(sentence);
      expect(stderr).toContain(join(home, 'log', log));
      expect(code).toBe(1);
      expect([...partsIn(folder.path).keys()]).toEqual([]);
      expect(processesOf(home)).toEqual([]);
    },
  );
});

describe('a port that another program has taken', () => {
  let taker: Server;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    taker = createServer();
    await new Promise<void>((resolve) => taker.listen(port, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    await new Promise((resolve) => taker.close(resolve));
  });

  test('is refused when it was asked for', async () => {
    const { code, stderr } = await failedStart({ ROLLCALL_GATEWAY_PORT: String(port) });
    expect([code, stderr]).toEqual([
      1,
      `Port ${port}, which was asked for gateway, is taken by another program; please stop that program or ask for another port.\n`,
    ]);
  });

  test('is given up for a free one when it is only remembered', async () => {
    await using rollcall = await startRollcall();
    await rollcall.stop();
    const file = join(rollcall.home, 'ports.json');
    const ports: Readonly<Record<string, number>> = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...ports, gateway: port, sandbox: port }));
    await rollcall.restart();
    expect(rollcall.output()).toContain(`port ${port} is taken by another program; gateway uses`);
    expect(rollcall.gateway()).not.toContain(`:${port}`);
    await rollcall.kubectl(['get', 'vmpool']);
  });
});

/** Numbers of the processes that carry the mark of a data folder. */
function processesOf(home: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`@${home}\0`);
      } catch {
        return false; // It has ended, or belongs to somebody else.
      }
    });
}
