import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { genesisHash, hashLink } from './chain.ts';
import type { Link } from './chain.ts';
import type { BookTables } from './tables.ts';

export type ChainReport =
  | { readonly whole: true; readonly entries: number; readonly head: string }
  | {
      readonly whole: false;
      /** Sequence of the first entry that is not as it was written. */
      readonly firstBad: number;
      readonly problem: string;
    };

/** An entry as it stands, to be checked against the one before. */
export type SealedLink = Link & { readonly previousHash: string; readonly hash: string };

/** Where a walk along the chain stands; `hash` is that of entry `sequence`. */
export type ChainHead = { readonly sequence: number; readonly hash: string };

const pageSize = 5_000;

/** Walks the whole chain, and compares its end with the head that the recorder keeps. */
export async function verifyChain(db: Kysely<BookTables>): Promise<ChainReport> {
  const standing = await readHead(db);
  let head: ChainHead = { sequence: 0, hash: genesisHash };
  for (;;) {
    const page = await readPage(db, head.sequence);
    for (const link of page) {
      const problem = problemWith(head, link);
      if (problem !== undefined) return { whole: false, ...problem };
      head = { sequence: link.sequence, hash: link.hash };
      // The head was read first: entries beyond it were added meanwhile.
      if (head.sequence === standing.sequence && head.hash !== standing.hash) {
        return broken(head.sequence, `its hash is not the one that the recorder keeps`);
      }
    }
    if (page.length < pageSize) break;
  }
  if (head.sequence >= standing.sequence) {
    return { whole: true, entries: head.sequence, head: head.hash };
  }
  const missing = head.sequence + 1;
  return broken(missing, `entry ${missing} is missing, the recorder wrote ${standing.sequence}`);
}

/** What is wrong with the entry that follows `head`, or undefined. Pure but for the hash. */
export function problemWith(
  head: ChainHead,
  link: SealedLink,
): { readonly firstBad: number; readonly problem: string } | undefined {
  const expected = head.sequence + 1;
  if (link.sequence !== expected) {
    return { firstBad: expected, problem: `entry ${expected} is missing` };
  }
  if (link.previousHash !== head.hash) {
    return {
      firstBad: expected,
      problem: `entry ${expected} does not follow entry ${head.sequence}`,
    };
  }
  if (hashLink(head.hash, link) !== link.hash) {
    return { firstBad: expected, problem: `entry ${expected} has been changed` };
  }
  return undefined;
}

function broken(firstBad: number, problem: string): ChainReport {
  return { whole: false, firstBad, problem };
}

async function readHead(db: Kysely<BookTables>): Promise<ChainHead> {
  const row = await db
    .selectFrom('book.standing')
    .select(['chain_sequence', 'chain_hash'])
    .executeTakeFirst();
  return { sequence: row?.chain_sequence ?? 0, hash: row?.chain_hash ?? genesisHash };
}

/** `at` in whole milliseconds would hide an edit of the microseconds, so it is compared in full. */
async function readPage(db: Kysely<BookTables>, after: number): Promise<readonly SealedLink[]> {
  const { rows } = await sql<SealedLink>`
    select sequence, (extract(epoch from at) * 1000)::float8 as at, lineage,
      stream_sequence as "streamSequence", kind, body, previous_hash as "previousHash", hash
    from book.entries where sequence > ${after} order by sequence limit ${pageSize}
  `.execute(db);
  return rows;
}
