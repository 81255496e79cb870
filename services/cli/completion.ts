import type { Command } from 'commander';
import { unreachable } from '#shared/lib/assert.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

type Word = { readonly name: string; readonly about: string };
type Commands = readonly { readonly word: Word; readonly options: readonly Word[] }[];

/** A script that completes commands and options; it is read once by the shell and asks nobody. */
export function completionFor(shell: Shell, program: Command): string {
  const commands = wordsIn(program);
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
    default:
      return unreachable(shell);
  }
}

function wordsIn(program: Command): Commands {
  return program.commands.map((command) => ({
    word: { name: command.name(), about: command.description() },
    options: [
      ...command.options.map(({ long, short, description }) => ({
        name: long ?? short ?? '',
        about: description,
      })),
      { name: '--help', about: 'how to use it' },
    ],
  }));
}

const sets = 'vmpool/ vmirs/';

function bash(commands: Commands): string {
  const cases = commands.map(
    ({ word, options }) =>
      `    ${word.name}) words="${options.map(({ name }) => name).join(' ')} ${sets}" ;;`,
  );
  return `# eval "$(rollcall completion bash)"
_rollcall() {
  local words="${commands.map(({ word }) => word.name).join(' ')}" word="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
  fi
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    -o|--output) words="table wide json yaml" ;;
    --kubeconfig) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [[ "\${COMPREPLY[0]-}" == */ ]] && compopt -o nospace
}
complete -F _rollcall rollcall
`;
}

function zsh(commands: Commands): string {
  const list = commands.map(({ word }) => `    ${quoted(`${word.name}:${word.about}`)}`);
  const cases = commands.map(({ word, options }) => {
    const shown = options.map(({ name, about }) =>
      quoted(`${name}[${about.replaceAll(/[[\]]/g, '')}]`),
    );
    return `    ${word.name}) _arguments ${shown.join(' ')} '*:set:(${sets})' ;;`;
  });
  return `#compdef rollcall
# rollcall completion zsh > "\${fpath[1]}/_rollcall", or: source <(rollcall completion zsh)
_rollcall() {
  local -a commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command="$words[2]"
  shift words; (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = "_rollcall" ]; then _rollcall "$@"; else compdef _rollcall rollcall; fi
`;
}

function fish(commands: Commands): string {
  const lines = commands.flatMap(({ word, options }) => [
    `complete -c rollcall -f -n __fish_use_subcommand -a ${word.name} -d ${quoted(word.about)}`,
    ...options
      .filter(({ name }) => name.startsWith('--'))
      .map(
        ({ name, about }) =>
          `complete -c rollcall -f -n "__fish_seen_subcommand_from ${word.name}" -l ${name.slice(2)} -d ${quoted(about)}`,
      ),
  ]);
  return `# rollcall completion fish | source\n${lines.join('\n')}\n`;
}

/** As one word for each of the three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
