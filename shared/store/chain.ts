import { createHash } from 'node:crypto';

/** What an entry's hash covers, beside the hash before it. */
export type Link = {
  /** Place in the chain, from 1. */
  readonly sequence: number;
  /** Log time, milliseconds since 1970. */
  readonly at: number;
  readonly lineage: string;
  readonly streamSequence: number;
  readonly kind: string;
  /** Canonical JSON. */
  readonly body: string;
};

/** The hash before the first entry. */
export const genesisHash = '0'.repeat(64);

/**
 * sha256 over the hash before and the entry's own fields, hex. Only the body may hold a line break,
 * and it comes last, so no two entries share a preimage.
 */
export function hashLink(previousHash: string, link: Link): string {
  const { sequence, at, lineage, streamSequence, kind, body } = link;
  return createHash('sha256')
    .update(`${previousHash}\n${sequence}\n${at}\n${lineage}\n${streamSequence}\n${kind}\n${body}`)
    .digest('hex');
}
