import { Argument } from 'commander';
import type { Command } from 'commander';
import { completionFor, shells } from '../completion.ts';
import type { Shell } from '../completion.ts';
import { addExamples } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';

export function addCompletion(program: Command, around: Surroundings): void {
  const command = program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .description('a script for your shell that completes commands and options')
    .action((shell: Shell) => around.print(completionFor(shell, program)));
  addExamples(command, {
    'completion bash': 'in ~/.bashrc: eval "$(rollcall completion bash)"',
    'completion zsh': 'into a file _rollcall on the fpath',
    'completion fish': 'piped into source',
  });
}
