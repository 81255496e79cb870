import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProgram } from './program.ts';
import { readSettings, settingsPath } from './settings.ts';

async function run(...words: readonly string[]): Promise<{
  readonly said: string;
  readonly error: unknown;
}> {
  const said: string[] = [];
  const program = createProgram({
    env: {},
    folders: [],
    isTerminal: false,
    now: () => new Date(0),
    print: (text) => said.push(text),
    complain: (text) => said.push(text),
    confirm: async () => false,
    untilStopped: () => AbortSignal.abort(),
    user: 'nobody',
    report: () => undefined,
  });
  const error: unknown = await program.parseAsync(words, { from: 'user' }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { said: said.join(''), error };
}

const commands = [
  ...['status', 'sets', 'history', 'explain', 'watch', 'deleted-volumes', 'leftovers', 'verify'],
  ...['doctor', 'release', 'accept-rewind', 'completion'],
];

test('help tells the exit codes and how a set is written', async () => {
  const { said } = await run('--help');
  expect(said).toContain('Exit codes: 0 done, 1 failed');
  expect(said).toContain('vmpool/NAME');
});

test.for([['history', '-o', 'xml'], ['nonsense'], ['history', '--limit', 'x']])(
  'wrong usage is answered with a sentence: %s',
  async (words) => {
    const { said, error } = await run(...words);
    expect(said).toMatch(/^error: .+\n\(see rollcall --help\)/);
    expect(error).toMatchObject({ name: 'CommanderError' });
  },
);

test.for(commands)('%s tells how to use it, with examples', async (name) => {
  const { said } = await run(name, '--help');
  expect(said).toMatch(/Examples:\n +# .+\n +rollcall /);
});

test.for(['bash', 'zsh', 'fish'])('the completion for %s knows every command', async (shell) => {
  const { said } = await run('completion', shell);
  for (const name of commands) expect(said).toContain(name);
});

test('a change is not made where nobody confirms it', async () => {
  expect((await run('release')).error).toMatchObject({ exitCode: 2 });
  expect((await run('release', '--all', 'vmpool/web')).error).toMatchObject({ exitCode: 2 });
});

test('a set that cannot be read is wrong usage', async () => {
  expect((await run('history', 'web')).error).toMatchObject({ exitCode: 2 });
});

test('without a book to be found the answer says how to get one', async () => {
  const { error } = await run('status');
  expect(error).toMatchObject({ exitCode: 3, message: expect.stringContaining('npm start') });
});

test('the file is looked for upwards, a named one goes first', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-cli-'));
  try {
    const path = join(folder, '.rollcall', 'cli.json');
    const deep = join(folder, 'a', 'b');
    await mkdir(join(folder, '.rollcall'));
    await mkdir(deep, { recursive: true });
    await writeFile(path, '{"databaseUrl":"postgres://reader:secret@127.0.0.1/rollcall"}');
    expect(settingsPath({}, [deep])).toBe(path);
    expect(settingsPath({ ROLLCALL_HOME: '/home' }, [deep])).toBe('/home/cli.json');
    expect(settingsPath({ ROLLCALL_CLI_CONFIG: '/x.json' }, [deep])).toBe('/x.json');
    expect(await readSettings({}, [deep])).toMatchObject({ cluster: 'default' });
    await writeFile(path, '{"databaseUrl": secret');
    await expect(readSettings({}, [deep])).rejects.toThrow(/is not what npm start writes/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
