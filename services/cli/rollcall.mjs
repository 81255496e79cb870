#!/usr/bin/env node
// The shell's Node may be too old to read TypeScript, so the command runs on the pinned one.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { forPinnedNode } from '../sandbox/launch/environment.mjs';
import { pathsOf, repo } from '../sandbox/launch/paths.mjs';
import { pinnedNode } from '../sandbox/launch/pinned-node.mjs';
import { launch, Refusal } from '../sandbox/launch/say.mjs';

await launch(async () => {
  checkPackages();
  const main = join(repo, 'services', 'cli', 'main.ts');
  const node = pinnedNode();
  const child = spawn(node, [main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...forPinnedNode(process.env, node), ROLLCALL_HOME: pathsOf(process.env).home },
  });
  // Ctrl-C reaches the child by itself; this process waits for its answer.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
});

/** Before the first start; it would fail in the middle of an import. */
function checkPackages() {
  try {
    createRequire(import.meta.url).resolve('commander');
  } catch {
    throw new Refusal(
      'The packages are not installed yet: type npm start, which also starts Rollcall, or npm ci for them alone.',
    );
  }
}
