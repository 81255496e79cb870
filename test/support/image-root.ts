import { cpSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Image } from './dockerfile.ts';
import { runProgram } from './run-program.ts';

const repo = fileURLToPath(new URL('../..', import.meta.url));

/** What a container finds besides the image, as places to mount it. */
const places = ['usr', 'proc', 'dev', 'etc', 'run', 'var', 'data', 'tmp', 'opt/bin'];

/**
 * The root folder that the Dockerfile makes. Packages are linked out of this repo's own by what the
 * lockfile says of them; `npmCi` has npm install them as the Dockerfile does, which takes half a minute.
 */
export async function makeImageRoot(
  image: Image,
  { root, npmCi = false }: { readonly root: string; readonly npmCi?: boolean },
): Promise<void> {
  for (const place of places) mkdirSync(join(root, place), { recursive: true });
  for (const [target, source] of image.files) link(join(repo, source), join(root, target));
  const { command, folder } = image.install;
  if (!npmCi) {
    for (const path of productionPackages(command)) {
      linkFolder(join(repo, path), join(root, dirname(folder), path));
    }
    return;
  }
  // Beside the root, as the stage of its own that it is there: files of the root are links to this repo's.
  const place = `${root}-packages`;
  mkdirSync(place);
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
    cpSync(join(repo, file), join(place, file));
  }
  const [program = '', ...args] = command.split(' ');
  await runProgram(program, args, { cwd: place });
  renameSync(join(place, 'node_modules'), join(root, folder));
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      dev: z.boolean().optional(),
      optional: z.boolean().optional(),
      devOptional: z.boolean().optional(),
    }),
  ),
});

/** Those that `npm ci --omit=dev --omit=optional` installs. */
function productionPackages(command: string): readonly string[] {
  if (command !== 'npm ci --omit=dev --omit=optional') {
    throw new Error(`cannot tell what this installs: ${command}`);
  }
  const lock = lockSchema.parse(JSON.parse(readFileSync(join(repo, 'package-lock.json'), 'utf8')));
  return Object.entries(lock.packages)
    .filter(([path, one]) => path !== '' && !one.dev && !one.optional && !one.devOptional)
    .map(([path]) => path);
}

function linkFolder(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    // A package below a package is one of the lockfile itself.
    if (entry.isDirectory() && entry.name === 'node_modules') continue;
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) linkFolder(from, to);
    else link(from, to);
  }
}

function link(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  try {
    linkSync(source, target);
  } catch (error) {
    // Another file system, or one that forbids links to others' files.
    if (!(error instanceof Error && 'code' in error)) throw error;
    cpSync(source, target);
  }
}
