import type { SetKind } from '#shared/contract/kinds.ts';
import { setKindNamed } from '#shared/contract/set-spelling.ts';
import { usageError } from './failure.ts';

/** A set as a person names it. */
export type SetReference = { readonly kind: SetKind; readonly name: string };

const shortNames: Readonly<Record<SetKind, string>> = {
  VirtualMachinePool: 'vmpool',
  VirtualMachineInstanceReplicaSet: 'vmirs',
};

/** Reads `vmpool/NAME`; the kind may be spelled in any way that kubectl takes, with or without its group. */
export function parseSet(text: string): SetReference {
  const [kindText = '', name = '', ...more] = text.split('/');
  const kind = setKindNamed(kindText);
  if (kind === undefined || name === '' || more.length > 0) {
    throw usageError(`"${text}" names no set; write vmpool/NAME or vmirs/NAME`);
  }
  return { kind, name };
}

/** The short way to write a set, which parseSet reads back. */
export function formatSet(kind: string, name: string): string {
  const known = setKindNamed(kind);
  return `${known === undefined ? kind.toLowerCase() : shortNames[known]}/${name}`;
}
