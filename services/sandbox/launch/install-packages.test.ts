import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const launchers = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(realpathSync(tmpdir()), 'rollcall-tree-'));

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('packages are never installed through a link, which would empty the other tree', () => {
  const tree = join(folder, 'tree');
  const other = join(folder, 'other');
  const launch = join(tree, 'services', 'sandbox', 'launch');
  cpSync(launchers, launch, { recursive: true });
  writeFileSync(join(tree, 'package-lock.json'), '{}');
  mkdirSync(other);
  writeFileSync(join(other, 'kept'), '');
  symlinkSync(other, join(tree, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, [join(launch, 'check.mjs')], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^node_modules is a link to .*\n$/)]);
  expect(existsSync(join(other, 'kept'))).toBe(true);
});
