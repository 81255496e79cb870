import type { EffectId } from '#shared/contract/ids.ts';
import type { ClaimRef, Template } from '#shared/contract/objects.ts';
import { hashOf } from './hash.ts';

/** Without vowels and look-alikes, so that no name is a word. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;

/** Kubernetes cuts a generateName so that the whole fits a DNS label of 63 characters. */
const longestPrefix = 63 - suffixLength;

/** A member of a pool is `<pool>-<ordinal>`. */
export function poolMemberName(pool: string, ordinal: number): string {
  return `${pool}-${ordinal}`;
}

const [zero, nine] = [48, 57];
const mostDigits = 9;

/**
 * The integer behind the last dash; undefined for a name that has none. Each decision asks this of every
 * member many times over, so it reads characters and makes no strings.
 */
export function ordinalOf(name: string): number | undefined {
  const first = name.lastIndexOf('-') + 1;
  const digits = name.length - first;
  if (first === 0 || digits === 0 || digits > mostDigits) return undefined;
  if (digits > 1 && name.charCodeAt(first) === zero) return undefined;
  let ordinal = 0;
  for (let at = first; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (code < zero || code > nine) return undefined;
    ordinal = ordinal * 10 + code - zero;
  }
  return ordinal;
}

/**
 * Ordinals whose names nobody has, lowest first and without end: gaps are filled first, and a name that
 * a foreign or terminating VM has is passed over. Source: kubevirt pool.go, calculateNewVMNames.
 */
export function* freeOrdinals(isTaken: (ordinal: number) => boolean): Generator<number, never> {
  for (let ordinal = 0; ; ordinal += 1) if (!isTaken(ordinal)) yield ordinal;
}

/**
 * The name of a new VMI of a replica set: the prefix, without a dash, and five characters that follow
 * from the effect id alone. A known name is avoided by hashing again with a counter.
 */
export function replicaName(
  prefix: string,
  effect: EffectId,
  isTaken: (name: string) => boolean,
): string {
  const base = prefix.slice(0, longestPrefix);
  for (let attempt = 0; ; attempt += 1) {
    const name = base + suffixOf(attempt === 0 ? effect : `${effect}/${attempt}`);
    if (!isTaken(name)) return name;
  }
}

function suffixOf(text: string): string {
  let rest = hashOf(text);
  let suffix = '';
  for (let at = 0; at < suffixLength; at += 1) {
    suffix += alphabet.charAt(rest % alphabet.length);
    rest = Math.floor(rest / alphabet.length);
  }
  return suffix;
}

export type ClaimNames = {
  /** DataVolumes that the member makes, and with them PVCs of the same names. */
  readonly makes: readonly string[];
  /** Claims that the member refers to, its own and shared ones. */
  readonly uses: readonly ClaimRef[];
};

/**
 * What a member of this ordinal makes and uses: the names of dataVolumeTemplates get the ordinal, and so
 * do references to them; a plain claim is shared and stays. Source: kubevirt pool.go, indexVMSpec.
 */
export function claimNamesFor(template: Template, ordinal: number): ClaimNames {
  const own = new Set(template.disks.map((disk) => disk.name));
  return {
    makes: template.disks.map((disk) => `${disk.name}-${ordinal}`),
    uses: template.claims.map((claim) =>
      own.has(claim.name) ? { ...claim, name: `${claim.name}-${ordinal}` } : claim,
    ),
  };
}

/** The dataVolumeTemplate name behind a disk of a pool member: what stands before the ordinal. */
export function stemOf(diskName: string): string | undefined {
  return ordinalOf(diskName) === undefined
    ? undefined
    : diskName.slice(0, diskName.lastIndexOf('-'));
}
