import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { askRewind, openRewind } from '#shared/stream/rewind.ts';
import { CommandError, exitCodes, unavailableError } from '../failure.ts';
import { addExamples } from '../options.ts';
import { settingsOf } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';

type Options = { readonly yes?: true };

const lookEachMs = 250;
const patienceMs = 30_000;

const warning = `After a restore of etcd the cluster counts its versions from an earlier one. Rollcall then believes no
list and holds every set that it has seen later, because it cannot tell a restore from a stale answer.

Accepting it makes the watcher write a record into each shard of the log that voids what was known of
objects: versions, and which uids are gone. Then every kind is surveyed anew, and what the cluster lists
counts. The book notes it, under your name as this machine knows it; objects made after the backup are
noted as gone. Machines and disks are not touched by this; what the sets ask for after it is carried out,
removals included. Look at the sets first, or set them to mode observe.
`;

export function addAcceptRewind(program: Command, around: Surroundings): void {
  const command = program
    .command('accept-rewind')
    .description('after a restore of etcd: lets the log follow the cluster back')
    .option('-y, --yes', 'does not ask')
    .addHelpText('after', `\n${warning}`)
    .action((options: Options) => acceptRewind(around, options));
  addExamples(command, {
    'accept-rewind': 'tells what it means, asks, and waits until it is done',
  });
}

async function acceptRewind(around: Surroundings, { yes }: Options): Promise<void> {
  const settings = await settingsOf(around);
  const { openObserver } = await import('../read-log.ts');
  await using observer = await openObserver(settings);
  if (yes !== true) around.print(warning);
  if (yes !== true && !(await around.confirm('Was the cluster restored from a backup?'))) {
    throw new CommandError('nothing was changed; say --yes to accept it', exitCodes.usage);
  }
  const askedAt = around.now().getTime();
  await askRewind(observer.positions, { id: randomUUID(), askedAt, by: around.user });
  const deadline = performance.now() + patienceMs;
  while ((await openRewind(observer.positions)) !== undefined) {
    if (performance.now() > deadline) {
      throw unavailableError(
        'it is asked for, and no watcher has acted on it yet; see rollcall status for the lease watcher',
      );
    }
    await delay(lookEachMs);
  }
  around.print('accepted: what was known of the cluster is void, every kind is surveyed anew\n');
}
