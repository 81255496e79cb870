import { readdirSync, readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repo = fileURLToPath(new URL('../..', import.meta.url));

/** One step of a Dockerfile: its word in capitals and what stands behind it. */
export type Step = { readonly word: string; readonly rest: string };

/** What the last stage of a Dockerfile leaves behind, for one who has no engine. */
export type Image = {
  /** Paths of the repo by where they lie in the image. */
  readonly files: ReadonlyMap<string, string>;
  /** The command that installs packages, and where its folder lies in the image. */
  readonly install: { readonly command: string; readonly folder: string };
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
};

/** Reads deploy/docker/Dockerfile; throws at a step that it does not know, instead of leaving it out. */
export function readImage(): Image {
  const stages = stagesOf(readFileSync(join(repo, 'deploy/docker/Dockerfile'), 'utf8'));
  const [packages = [], last = []] = stages;
  const known = new Set(['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'ENTRYPOINT', 'CMD']);
  const strange = stages.flat().filter(({ word }) => !known.has(word));
  if (stages.length !== 2 || strange.length > 0) {
    throw new Error(
      `the Dockerfile has other steps than this can follow: ${JSON.stringify(strange)}`,
    );
  }
  const workdir = only(last, 'WORKDIR');
  const copies = last.filter(({ word }) => word === 'COPY').map(({ rest }) => copyOf(rest));
  const context = contextFiles();
  const files = new Map(
    copies
      .filter(({ from }) => from === undefined)
      .flatMap((copy) => placed(copy, { context, workdir })),
  );
  const [installed] = copies.filter(({ from }) => from !== undefined);
  if (installed === undefined) throw new Error('the last stage takes no packages over');
  return {
    files,
    install: { command: only(packages, 'RUN'), folder: join(workdir, installed.target) },
    env: Object.fromEntries(
      last.filter(({ word }) => word === 'ENV').map(({ rest }) => split(rest, '=')),
    ),
    workdir,
    user: only(last, 'USER'),
    entrypoint: words(only(last, 'ENTRYPOINT')),
    cmd: words(only(last, 'CMD')),
  };
}

function stagesOf(text: string): readonly (readonly Step[])[] {
  const stages: Step[][] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [word, rest] = split(line, ' ');
    if (word === 'FROM') stages.push([]);
    stages.at(-1)?.push({ word, rest });
  }
  return stages;
}

function split(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return [text.slice(0, at), text.slice(at + 1).trim()];
}

function only(steps: readonly Step[], wanted: string): string {
  const found = steps.filter(({ word }) => word === wanted);
  if (found.length !== 1) throw new Error(`${wanted} stands ${found.length} times in a stage`);
  return found[0]?.rest ?? '';
}

/** The form of a list: the engine then starts the program without a shell. */
function words(list: string): readonly string[] {
  const parsed: unknown = JSON.parse(list);
  if (!Array.isArray(parsed)) throw new Error(`is no list: ${list}`);
  return parsed.map(String);
}

type Copy = {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
};

function copyOf(rest: string): Copy {
  const parts = rest.split(' ');
  const flags = parts.filter((part) => part.startsWith('--'));
  const paths = parts.filter((part) => !part.startsWith('--'));
  const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length);
  return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

type Surroundings = { readonly context: readonly string[]; readonly workdir: string };

/** A folder's contents go into the target, a file into it where the target ends with a slash. */
function placed(
  { sources, target }: Copy,
  { context, workdir }: Surroundings,
): readonly (readonly [string, string])[] {
  return sources.flatMap((source) => {
    const below = context.filter((path) => path === source || path.startsWith(`${source}/`));
    if (below.length === 0) throw new Error(`COPY finds nothing at ${source} in the context`);
    return below.map((path) => {
      const inner =
        path === source ? (target.endsWith('/') ? path : '') : path.slice(source.length);
      return [join(workdir, target, inner), path] as const;
    });
  });
}

/** The files that the engine is sent: what the last pattern that fits a path or a folder above it says. */
function contextFiles(): readonly string[] {
  const patterns = readFileSync(join(repo, 'deploy/docker/Dockerfile.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const letIn = (path: string): boolean => {
    const last = patterns.findLast((pattern) => fits(pattern.replace(/^!/, ''), path));
    return last === undefined || last.startsWith('!');
  };
  const tops = readdirSync(repo).filter(
    (name) => !/^(node_modules|\.git|\.rollcall.*)$/.test(name),
  );
  return tops.flatMap((top) => filesBelow(top)).filter(letIn);
}

function fits(pattern: string, path: string): boolean {
  const parts = path.split('/');
  const above = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  // As Docker has it, and other than in a shell, `*` fits names that begin with a dot.
  return above.some((one) => (pattern === '*' ? !one.includes('/') : matchesGlob(one, pattern)));
}

function filesBelow(path: string): readonly string[] {
  try {
    return readdirSync(join(repo, path), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? filesBelow(join(path, entry.name)) : [join(path, entry.name)],
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [path];
    throw error;
  }
}
