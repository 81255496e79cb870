import { Command } from 'commander';
import { addAcceptRewind } from './commands/accept-rewind.ts';
import { addCompletion } from './commands/completion.ts';
import { addDeletedVolumes } from './commands/deleted-volumes.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExplain } from './commands/explain.ts';
import { addHistory } from './commands/history.ts';
import { addLeftovers } from './commands/leftovers.ts';
import { addRelease } from './commands/release.ts';
import { addSets } from './commands/sets.ts';
import { addStatus } from './commands/status.ts';
import { addVerify } from './commands/verify.ts';
import { addWatch } from './commands/watch.ts';
import { exitCodes } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

const help = `
A SET is written as for kubectl: vmpool/NAME or vmirs/NAME, in the namespace of -n.
STARTED and FINISHED count from WHEN; with -o wide all times are UTC.

Examples:
  rollcall status                          what runs, and what is held
  rollcall history vmpool/web              who changed its size
  rollcall explain vmpool/web              why it is as it is
  rollcall doctor                          what is set up wrongly, before it hurts
  kubectl rollcall sets -A                 the same program, as a plugin of kubectl

Exit codes: ${exitCodes.ok} done, ${exitCodes.error} failed, or verify or doctor found something, ${exitCodes.usage} wrong usage or not
confirmed, ${exitCodes.unavailable} not found or not reachable.
The book is found through .rollcall/cli.json, ROLLCALL_HOME or ROLLCALL_CLI_CONFIG; the cluster
through --kubeconfig, ROLLCALL_KUBECONFIG or that file, and never through KUBECONFIG.`;

/** The commands. */
export function createProgram(around: Surroundings): Command {
  const program = new Command('rollcall')
    .description('Reads the book that Rollcall keeps on groups of virtual machines.')
    .addHelpText('after', help)
    .configureOutput({ writeOut: around.print, writeErr: around.complain })
    .showHelpAfterError('(see rollcall --help)')
    .exitOverride();
  addStatus(program, around);
  addSets(program, around);
  addHistory(program, around);
  addExplain(program, around);
  addWatch(program, around);
  addDeletedVolumes(program, around);
  addLeftovers(program, around);
  addVerify(program, around);
  addDoctor(program, around);
  addRelease(program, around);
  addAcceptRewind(program, around);
  addCompletion(program, around);
  return program;
}
