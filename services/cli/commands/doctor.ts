import type { Command } from 'commander';
import { clusterSettings } from '../cluster-access.ts';
import { doctorAnswer } from '../doctor/doctor-table.ts';
import { judgeAll } from '../doctor/judge-all.ts';
import { CommandError, exitCodes } from '../failure.ts';
import { addCluster, addExamples, addOutput } from '../options.ts';
import type { ClusterOptions, OutputOptions } from '../options.ts';
import type { CliSettings } from '../settings.ts';
import { lookOf, settingsOf, show } from '../surroundings.ts';
import type { Surroundings } from '../surroundings.ts';

type Options = OutputOptions & ClusterOptions & { readonly serviceNamespace: string };

export function addDoctor(program: Command, around: Surroundings): void {
  const command = addCluster(addOutput(program.command('doctor')))
    .description('what is set up wrongly, and what to do about it; changes nothing')
    .option('--service-namespace <name>', "where the services' accounts are", 'rollcall-system')
    .action((options: Options) => doctor(around, options));
  addExamples(command, {
    doctor: 'exit code 1 when something fails; warnings alone are 0',
    'doctor --kubeconfig FILE': 'before installing: of that cluster, without a book',
  });
}

async function doctor(around: Surroundings, options: Options): Promise<void> {
  const { settings, settingsProblem } = await settingsIfAny(around);
  const access = clusterSettings(around, settings, options);
  if (settings === undefined && access === undefined) {
    throw new CommandError(settingsProblem, exitCodes.unavailable);
  }
  const look = lookOf(around);
  const { examine } = await import('../doctor/examine.ts');
  const { serviceNamespace, output } = options;
  const seen = await examine({
    settings,
    settingsProblem,
    access,
    serviceNamespace,
    now: look.now,
  });
  const findings = judgeAll(seen);
  show(around, doctorAnswer(findings, look), output);
  if (findings.some(({ level }) => level === 'fail')) around.report(exitCodes.error);
}

/** Before Rollcall is installed there is no book, and the cluster can be looked at all the same. */
async function settingsIfAny(
  around: Surroundings,
): Promise<{ readonly settings: CliSettings | undefined; readonly settingsProblem: string }> {
  try {
    return { settings: await settingsOf(around), settingsProblem: '' };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { settings: undefined, settingsProblem: error.message };
  }
}
