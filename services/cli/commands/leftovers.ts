import type { Command } from 'commander';
import { askSets, askVolumes } from '#shared/store/ask-book.ts';
import { clusterSettings, listAll, withCluster } from '../cluster-access.ts';
import { leftoversIn, leftoversInBook } from '../leftover-disks.ts';
import type { Disks, Leftover } from '../leftover-disks.ts';
import { leftoversAnswer } from '../leftover-table.ts';
import { addCluster, addExamples, addNamespace, addOutput, scopeFrom } from '../options.ts';
import type { ClusterOptions, NamespaceOptions, OutputOptions } from '../options.ts';
import { describeScope } from '../scope.ts';
import { lookOf, settingsOf, showRows } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';
import { withBook } from '../with-book.ts';

type Options = NamespaceOptions & OutputOptions & ClusterOptions & { readonly book?: true };

const most = 10_000;

export function addLeftovers(program: Command, around: Surroundings): void {
  const command = addCluster(addNamespace(addOutput(program.command('leftovers'))))
    .description('disks that were kept and that no machine uses, and who would take them up')
    .option('--book', 'out of the book alone, without asking the cluster what is still there')
    .action((options: Options) => leftovers(around, options));
  addExamples(command, {
    'leftovers -A': 'what stands around, how old and how large it is',
    'leftovers -n databases -o wide': 'of one namespace, with the cause in the book',
  });
}

async function leftovers(around: Surroundings, options: Options): Promise<void> {
  const scope = scopeFrom(undefined, options);
  const settings = await settingsOf(around);
  const access = options.book === true ? undefined : clusterSettings(around, settings, options);
  const { kept, sets } = await withBook(settings.databaseUrl, async (db) => {
    const question = { namespace: scope.namespace, limit: most };
    const [kept, living] = await Promise.all([
      askVolumes(db, { ...question, kept: 'alone' }),
      askSets(db, question),
    ]);
    return { kept, sets: living };
  });
  let disks: readonly Leftover[];
  if (access === undefined) {
    around.complain('rollcall: without a cluster the book cannot tell which of them still exist\n');
    disks = leftoversInBook(kept, sets);
  } else {
    const live = await withCluster(access, readDisks);
    disks = leftoversIn(live, kept).filter(
      ({ namespace }) => scope.namespace === undefined || namespace === scope.namespace,
    );
  }
  showRows(
    around,
    {
      answer: leftoversAnswer(disks, lookOf(around), scope.namespace === undefined),
      isEmpty: disks.length === 0,
      output: options.output,
    },
    () => `No disks are left over ${describeScope(scope)}.`,
  );
}

/** Machines last: a disk that one has taken up meanwhile does not look free. */
export async function readDisks(cluster: Parameters<typeof listAll>[0]): Promise<Disks> {
  const claims = await listAll(cluster, 'PersistentVolumeClaim');
  const dataVolumes = await listAll(cluster, 'DataVolume');
  const pools = await listAll(cluster, 'VirtualMachinePool');
  const vms = await listAll(cluster, 'VirtualMachine');
  return { claims, dataVolumes, pools, vms };
}
