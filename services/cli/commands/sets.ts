import type { Command } from 'commander';
import type { Mode } from '#shared/contract/words.ts';
import { askSets } from '#shared/store/ask-book.ts';
import { clusterSettings, withCluster } from '../cluster-access.ts';
import { CommandError, unavailableError } from '../failure.ts';
import { readLiveSets } from '../live-sets.ts';
import type { LiveSet } from '../live-sets.ts';
import { addCluster, addExamples, addScope, scopeFrom } from '../options.ts';
import type { ClusterOptions, ScopeOptions } from '../options.ts';
import { readLog } from '../read-log.ts';
import { describeScope } from '../scope.ts';
import type { Scope } from '../scope.ts';
import { formatSet } from '../set-reference.ts';
import { joinSets, setsAnswer } from '../sets.ts';
import type { CliSettings } from '../settings.ts';
import { lookOf, settingsOf, showRows } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';
import { withBook } from '../with-book.ts';

type Options = ScopeOptions & ClusterOptions;

/** What the cluster lists is joined with the book before it is cut: the first of one need not be those of the other. */
const everySet = 1_000_000;

export function addSets(program: Command, around: Surroundings): void {
  const command = addCluster(addScope(program.command('sets [SET]')))
    .description('pools and replica sets: their sizes, mode, and why one is held')
    .action((set: string | undefined, options: Options) => sets(around, set, options));
  addExamples(command, {
    'sets -A': 'every set',
    'sets vmpool/web -o wide': 'one set, with the reason why it is held in full',
  });
}

async function sets(
  around: Surroundings,
  set: string | undefined,
  options: Options,
): Promise<void> {
  const scope = scopeFrom(set, options);
  const settings = await settingsOf(around);
  const { kind, name } = scope.set ?? {};
  const question = { namespace: scope.namespace, kind, name, limit: everySet };
  const [rows, live, defaultMode] = await Promise.all([
    withBook(settings.databaseUrl, (db) => askSets(db, question)),
    readLive(around, { settings, options, scope }),
    readMode(settings),
  ]);
  const all = joinSets(rows, live);
  const lines = all.slice(0, options.limit);
  if (lines.length === 0 && scope.set !== undefined) {
    throw unavailableError(
      `there is no ${formatSet(scope.set.kind, scope.set.name)} ${describeScope(scope)}`,
    );
  }
  const look = { ...lookOf(around), defaultMode };
  const answer = setsAnswer(lines, look, scope.namespace === undefined);
  showRows(
    around,
    {
      answer,
      isEmpty: lines.length === 0,
      isCut: all.length > lines.length,
      output: options.output,
    },
    () => `No sets ${describeScope(scope)}.`,
  );
}

/** As `npm start` has said; where services are started otherwise, as the reconciler says of itself. */
async function readMode(settings: CliSettings): Promise<Mode | undefined> {
  if (settings.mode !== undefined || settings.natsUrl === undefined) return settings.mode;
  const log = await readLog(settings);
  return log.reached ? log.broker?.policy?.mode : undefined;
}

type Asked = {
  readonly settings: CliSettings;
  readonly options: ClusterOptions;
  readonly scope: Scope;
};

/** Undefined where the cluster cannot be asked: the book alone answers then, and a line says so. */
async function readLive(
  around: Surroundings,
  { settings, options, scope }: Asked,
): Promise<readonly LiveSet[] | undefined> {
  const access = clusterSettings(around, settings, options);
  if (access === undefined) return undefined;
  try {
    return await withCluster(access, (cluster) => readLiveSets(cluster, scope));
  } catch (error) {
    if (options.kubeconfig !== undefined || !(error instanceof CommandError)) throw error;
    around.complain(`rollcall: ${error.message}; what follows is out of the book alone\n`);
    return undefined;
  }
}
