import type { Overtaken, Stored } from './log.ts';

/** What one try to store under an expected sequence came to. */
export type Try =
  | { readonly kind: 'stored'; readonly sequence: number }
  | { readonly kind: 'wrong-sequence' }
  /** No answer: it may have been stored or not, or may still arrive. */
  | { readonly kind: 'unclear' };

export type Swap = {
  /** Sequence of the last message of the subject, as the writer has folded it; 0 for none. */
  readonly expected: number;
  /** Hash of the payload, to recognise our own message. */
  readonly hash: string;
  readonly attempt: (expected: number) => Promise<Try>;
  readonly readLast: () => Promise<
    { readonly sequence: number; readonly hash: string } | undefined
  >;
};

/**
 * Compare-and-swap that always ends certain. After a wrong sequence or no answer the last message is
 * read: ours means stored; another means overtaken; none at all means that it has aged out, and then
 * the broker wants 0. An unstored payload is sent again, which is safe, as the second of two copies
 * meets a wrong sequence.
 */
export async function swap(wanted: Swap): Promise<Stored | Overtaken> {
  let expect = wanted.expected;
  for (;;) {
    const answer = await wanted.attempt(expect);
    if (answer.kind === 'stored') return { stored: true, sequence: answer.sequence };
    const last = await wanted.readLast();
    if (last === undefined) {
      if (answer.kind === 'wrong-sequence') expect = 0;
      continue;
    }
    if (last.sequence > wanted.expected && last.hash === wanted.hash) {
      return { stored: true, sequence: last.sequence };
    }
    if (last.sequence !== wanted.expected) return { stored: false, last: last.sequence };
  }
}
