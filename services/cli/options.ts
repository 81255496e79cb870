import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { formats } from './output.ts';
import type { Format } from './output.ts';
import type { Scope } from './scope.ts';
import { parseSet } from './set-reference.ts';

export type OutputOptions = { readonly output: Format };

export type NamespaceOptions = { readonly namespace: string; readonly allNamespaces?: true };

export type ScopeOptions = OutputOptions & NamespaceOptions & { readonly limit: number };

/** Which cluster to ask; without both, the one that Rollcall was started on. */
export type ClusterOptions = { readonly kubeconfig?: string; readonly context?: string };

export function addOutput(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'how to show it').choices(formats).default('table'),
  );
}

export function addNamespace(command: Command): Command {
  return command
    .option('-n, --namespace <namespace>', 'the namespace', 'default')
    .option('-A, --all-namespaces', 'in all namespaces');
}

export function addScope(command: Command): Command {
  return addNamespace(addOutput(command)).option(
    '--limit <rows>',
    'the newest so many',
    parseLimit,
    500,
  );
}

export function addCluster(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'the cluster to ask; otherwise the one Rollcall runs on')
    .option('--context <name>', 'a context of that file');
}

/** Examples stand at the end of a command's help, each with what it shows. */
export function addExamples(command: Command, examples: Readonly<Record<string, string>>): Command {
  const lines = Object.entries(examples).map(([line, what]) => `  # ${what}\n  rollcall ${line}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

export function scopeFrom(text: string | undefined, options: NamespaceOptions): Scope {
  return {
    set: text === undefined ? undefined : parseSet(text),
    namespace: options.allNamespaces === true ? undefined : options.namespace,
  };
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0 && limit <= 1_000_000) return limit;
  throw new InvalidArgumentError('It has to be a whole number from 1 to 1000000.');
}
