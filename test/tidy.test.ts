import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { faultOf, logCallsIn } from '#test/support/log-calls.ts';

/** The rules of the house that neither compiler nor linter knows. One line for each breach. */

const repo = fileURLToPath(new URL('..', import.meta.url));

type Import = { readonly from: string; readonly typeOnly: boolean };
type Source = {
  readonly path: string;
  readonly text: string;
  /** The text without comments and without what stands in quotes. */
  readonly code: string;
  readonly imports: readonly Import[];
};

const tops = ['services', 'shared', 'migrations', 'test'] as const;
const sources: readonly Source[] = tops.flatMap((top) => filesBelow(join(repo, top))).map(read);
const production = sources.filter(({ path }) => !isTest(path));

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

function read(file: string): Source {
  const text = readFileSync(file, 'utf8');
  const path = relative(repo, file);
  return { path, text, code: withoutWords(text), imports: importsOf(text, path) };
}

/** Comments and the contents of plain strings go; what a template computes stays. */
function withoutWords(text: string): string {
  const words =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/(?![*/ ])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*(?=[.,;)\s])/g;
  return text.replace(words, (found) => (/^['"]/.test(found) ? "''" : ''));
}

function importsOf(text: string, path: string): readonly Import[] {
  const statement =
    /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)';|\bimport\('([^']+)'\)/gm;
  return [...text.matchAll(statement)].map(([, typeOnly, plain, dynamic]) => ({
    from: resolved(plain ?? dynamic ?? '', path),
    typeOnly: typeOnly !== undefined,
  }));
}

/** A path inside the repo, or the name of a package. */
function resolved(specifier: string, path: string): string {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return posix.join(dirname(path), specifier);
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function isTest(path: string): boolean {
  return path.startsWith('test/') || path.endsWith('.test.ts') || path.includes('/testing/');
}

/** `shared/core`, `services/watcher`: the unit that import rules speak of. */
function areaOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

/** From the outside in; an import may only point to the same layer or to one further in. */
const layers: readonly (readonly string[])[] = [
  ['services'],
  ['migrations'],
  ['shared/store', 'shared/stream', 'shared/cluster', 'shared/process'],
  ['shared/core'],
  ['shared/contract'],
  ['shared/lib'],
];

function layerOf(path: string): number {
  return layers.findIndex((areas) => areas.some((area) => path.startsWith(`${area}/`)));
}

const homes: Readonly<Record<string, readonly RegExp[]>> = {
  nats: [/^shared\/stream\//],
  '@kubernetes/client-node': [/^shared\/cluster\//],
  undici: [/^shared\/cluster\//],
  pg: [/^shared\/store\//, /^migrations\//],
  // Who asks the book writes the query; the connection comes from shared/store.
  kysely: [/^shared\/store\//, /^migrations\//, /^services\/(recorder|cli)\//],
  pino: [/^shared\/process\//],
  'prom-client': [/^shared\/process\//],
  '@opentelemetry/api': [/^shared\/process\//],
  '@opentelemetry/resources': [/^shared\/process\//],
  '@opentelemetry/sdk-trace': [/^shared\/process\//],
  '@opentelemetry/exporter-trace-otlp-http': [/^shared\/process\//],
  fastify: [/^services\/gateway\//],
  // The passwords come out of a file, which is parsed where it is read.
  zod: [
    /^migrations\/passwords\.ts$/,
    /^shared\/contract\//,
    /(^|[/-])settings\.ts$/,
    /^shared\/process\/parse-settings\.ts$/,
  ],
};

function breaches(
  of: readonly Source[],
  find: (source: Source) => readonly string[],
): readonly string[] {
  return of.flatMap((source) => find(source).map((breach) => `${source.path}: ${breach}`));
}

describe('imports', () => {
  test('point inward', () => {
    const found = breaches(production, ({ path, imports }) =>
      imports
        .filter(({ from }) => layerOf(from) >= 0 && layerOf(from) < layerOf(path))
        .map(({ from }) => `imports ${from}`),
    );
    expect(found).toEqual([]);
  });

  test('never lead from one service to another, nor from production into tests', () => {
    const found = breaches(production, ({ path, imports }) =>
      imports
        .map(({ from }) => from)
        .filter((from) => foreignService(path, from) || from.startsWith('test/') || isTest(from))
        .map((from) => `imports ${from}`),
    );
    expect(found).toEqual([]);
  });

  test('use each package in its one home', () => {
    const found = breaches(production, ({ path, imports }) =>
      imports
        .filter(({ from }) => homes[from]?.every((home) => !home.test(path)) === true)
        .map(({ from }) => `imports ${from}`),
    );
    expect(found).toEqual([]);
  });
});

/** The command line shows the way to the pinned Node by the launcher's own words. */
function foreignService(path: string, from: string): boolean {
  if (!path.startsWith('services/') || !from.startsWith('services/')) return false;
  if (path === 'services/cli/rollcall.mjs') return false;
  return areaOf(path) !== areaOf(from);
}

describe('what thinks', () => {
  const impure: readonly (readonly [string, RegExp])[] = [
    ['waits', /\bawait\b|\basync\b|\bPromise\b/],
    ['reads a clock', /\bDate\.now\b|\bnew Date\(\)|\bperformance\b/],
    ['rolls dice', /\bMath\.random\b|\brandomUUID\b/],
    ['sets a timer', /\bset(Timeout|Interval|Immediate)\b/],
    ['touches the process', /\bprocess\b(?!['\w])|\bconsole\b|\bglobalThis\b/],
    ['sorts by locale', /\blocaleCompare\b|\bIntl\b|\btoLocale/],
    ['keeps module state', /^(export )?(let|var)\b/m],
  ];
  const pure = production.filter(({ path }) =>
    /^(shared\/core\/|services\/watcher\/watch-(machine|moves|trouble)\.ts$)/.test(path),
  );

  test('never waits, looks around or remembers', () => {
    const found = breaches(pure, ({ code, imports }) => [
      ...impure.filter(([, pattern]) => pattern.test(code)).map(([what]) => what),
      ...imports
        .filter(({ from, typeOnly }) => from.startsWith('node:') || (!typeOnly && from === 'zod'))
        .map(({ from }) => `imports ${from}`),
    ]);
    expect(found).toEqual([]);
  });
});

describe('files', () => {
  test('are named in kebab-case, without words that say nothing', () => {
    const empty = /(^|-)(utils?|helpers?|managers?|services?|common|base|impl|misc)(-|$)/;
    const found = sources
      .map(({ path }) => path)
      .filter((path) => {
        const name = basename(path).replace(/\.(ts|mts|mjs)$/, '');
        const stem = name.replace(/\.(config|d|[a-z0-9]+\.test|test|bench)$/, '');
        return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem) || empty.test(stem);
      });
    expect(found).toEqual([]);
  });

  test('are short', () => {
    const found = breaches(sources, ({ path, text }) => {
      const lines = text.split('\n').length - 1;
      const most = isTest(path) ? 600 : 350;
      return lines > most ? [`${lines} lines, at most ${most}`] : [];
    });
    expect(found).toEqual([]);
  });

  test('are no barrels and export nothing by default', () => {
    const found = breaches(sources, ({ path, code, text }) => [
      ...(/^export default\b/m.test(code) && !path.endsWith('.config.ts')
        ? ['default export']
        : []),
      ...(/^export \* from/m.test(code) ? ['export *'] : []),
      ...(isBarrel(text) ? ['only hands on what others export'] : []),
    ]);
    expect(found).toEqual([]);
  });

  test('know no `any`, and read the environment only where processes begin', () => {
    const mayReadEnvironment =
      /^(shared\/process\/run-process\.ts|services\/cli\/main\.ts|services\/sandbox\/launch\/)/;
    const found = breaches(production, ({ path, code }) => [
      ...(/(:|<|\bas|,|\|)\s*any\b(?!\s*[:(])/.test(code) ? ['any'] : []),
      ...(/\bprocess\.env\b/.test(code) && !mayReadEnvironment.test(path) && path !== shim
        ? ['process.env']
        : []),
    ]);
    expect(found).toEqual([]);
  });

  test('name no place outside of the repo', () => {
    const place = new RegExp(
      ['/work' + '/', 'registry\\.npmjs', 'deb\\.debian', 'npmjs\\.org'].join('|'),
    );
    const found = breaches(sources, ({ text }) => (place.test(text) ? ['names a place'] : []));
    expect(found).toEqual([]);
  });
});

describe('logs', () => {
  test('say constant words, with what changes in fields', () => {
    const found = breaches(production, ({ text }) =>
      logCallsIn(text).flatMap((call) => {
        const fault = faultOf(call);
        return fault === undefined ? [] : [`line ${call.line}: ${fault}`];
      }),
    );
    expect(found).toEqual([]);
  });

  test('are seen by this rule where they break it', () => {
    const faults = (text: string) => logCallsIn(text).map(faultOf);
    expect(faults("log.info({ a: f(1, ')') }, 'ready');")).toEqual([undefined]);
    expect(faults('log.warn(`no ${thing}`);')).toEqual(['a message that is not constant']);
    expect(faults("this.log.error({ err }, 'no ' + thing);")).toEqual([
      'a message that is not constant',
    ]);
    expect(faults("log[isOld ? 'debug' : 'warn']({ a }, words);")).toEqual([
      'a message that is not constant',
    ]);
    expect(faults("logger.info('%s is ready', name);")).toEqual(['a message that is not constant']);
  });
});

const shim = 'services/cli/rollcall.mjs';

/** A file of two lines or more in which every statement hands on somebody else's export. */
function isBarrel(text: string): boolean {
  const lines = text
    .split('\n')
    .filter((line) => /^(export|import|const|function|type)\b/.test(line));
  return lines.length > 1 && lines.every((line) => /^export .* from '/.test(line));
}
