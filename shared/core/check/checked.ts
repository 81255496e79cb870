import type { Command } from '#shared/contract/commands.ts';
import type { Decided } from '#shared/contract/records.ts';
import type { Situation } from '../situation.ts';

/** A plan and the view that it was made from. */
export type Checked = Situation & { readonly decided: Decided };

/** One finding if the condition holds, none otherwise. */
export function finding(isBroken: boolean, text: string): readonly string[] {
  return isBroken ? [text] : [];
}

/** Commands of some verbs. */
export function withVerb<V extends Command['verb']>(
  { decided }: Checked,
  ...verbs: readonly V[]
): readonly Extract<Command, { verb: V }>[] {
  return decided.commands.filter((command): command is Extract<Command, { verb: V }> =>
    verbs.some((verb) => verb === command.verb),
  );
}
