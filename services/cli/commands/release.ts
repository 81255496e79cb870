import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { listAll, requiredCluster, withCluster } from '../cluster-access.ts';
import { CommandError, exitCodes, unavailableError, usageError } from '../failure.ts';
import { readLiveSets } from '../live-sets.ts';
import { addCluster, addExamples, scopeFrom } from '../options.ts';
import type { ClusterOptions } from '../options.ts';
import { isDone, planRelease, wordsFor } from '../release-plan.ts';
import type { ReleasePlan } from '../release-plan.ts';
import { releaseSet } from '../release-set.ts';
import { describeScope } from '../scope.ts';
import type { Scope } from '../scope.ts';
import { formatSet } from '../set-reference.ts';
import { settingsOf } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';

type Options = ClusterOptions & {
  readonly namespace: string;
  readonly all?: true;
  readonly yes?: true;
  readonly dryRun?: true;
};

/** Between the rounds of one set: longer than what the executor has on its way takes. */
const pauseMs = 1_000;

export function addRelease(program: Command, around: Surroundings): void {
  const command = addCluster(program.command('release [SET]'))
    .description(
      'hands a set back: mode observe, and our finalizers off its living members and itself',
    )
    .option('-n, --namespace <namespace>', 'the namespace', 'default')
    .option('--all', 'every set of the cluster, before Rollcall is taken away')
    .option('--dry-run', 'only says what it would do')
    .option('-y, --yes', 'does not ask')
    .action((set: string | undefined, options: Options) => release(around, set, options));
  addExamples(command, {
    'release vmpool/web --dry-run': 'what handing back one pool comes to',
    'release --all --yes':
      'before uninstalling: machines and disks stay, nothing of ours holds them',
  });
}

async function release(
  around: Surroundings,
  set: string | undefined,
  options: Options,
): Promise<void> {
  const scope = scopeOf(set, options);
  // Handing back must work when the book and its settings are gone.
  const settings = await settingsOf(around).catch(() => undefined);
  const access = requiredCluster(around, settings, options);
  await withCluster(access, async (cluster) => {
    const sets = await readLiveSets(cluster, scope);
    const vms = await listAll(cluster, 'VirtualMachine');
    const deleting = sets.filter(({ deleting: is }) => is);
    for (const { kind, name, namespace } of deleting) {
      around.complain(
        `${namespace} ${formatSet(kind, name)} is being deleted and stays as it is; wait for its end\n`,
      );
    }
    const plans = sets.flatMap((live) => planRelease(live, vms) ?? []);
    const open = plans.filter((plan) => !isDone(plan));
    if (sets.length === 0 && scope.set !== undefined) {
      throw unavailableError(`there is no such set ${describeScope(scope)}`);
    }
    around.print(tellPlans(open, plans.length));
    if (deleting.length > 0) around.report(exitCodes.unavailable);
    if (open.length === 0 || options.dryRun === true) return;
    if (options.yes !== true && !(await around.confirm(`Hand back ${open.length} sets?`))) {
      throw new CommandError('nothing was changed; say --yes to hand back', exitCodes.usage);
    }
    for (const plan of open) {
      const { kind, name, namespace } = plan.set;
      const done = await releaseSet(cluster, plan.set, () => delay(pauseMs));
      const left = done.leaving === 0 ? '' : `, ${done.leaving} on their way out left as they are`;
      around.print(
        `released ${namespace} ${formatSet(kind, name)}: ${done.members} members freed${left}\n`,
      );
    }
  });
}

function scopeOf(set: string | undefined, options: Options): Scope {
  if ((set === undefined) === (options.all !== true)) {
    throw usageError('name one set, as in rollcall release vmpool/web, or say --all');
  }
  if (options.all === true) return { namespace: undefined, set: undefined };
  return scopeFrom(set, { namespace: options.namespace });
}

function tellPlans(open: readonly ReleasePlan[], known: number): string {
  if (open.length === 0) return `Nothing to hand back: ${known} sets are free already.\n`;
  return open
    .flatMap((plan) => [
      `${plan.set.namespace} ${formatSet(plan.set.kind, plan.set.name)}`,
      ...wordsFor(plan).map((line) => `  ${line}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
}
