import type { Command } from '#shared/contract/commands.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';

/**
 * The commands of a plan without what differs each time it is made again: effect ids, and the names that
 * follow from them. Equal texts are the same advice.
 */
export function adviceText(commands: readonly Command[]): string {
  return canonicalJson(
    commands.map((command) =>
      command.verb === 'create-vmi'
        ? { ...command, effect: undefined, name: undefined, notice: undefined }
        : { ...command, effect: undefined },
    ),
  );
}
