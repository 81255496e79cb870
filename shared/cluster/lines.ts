/** A line grew past the limit; what follows it cannot be trusted. */
export class LongLineError extends Error {
  override readonly name = 'LongLineError';
}

const newline = 10;

/**
 * Splits a byte stream at `\n` alone: Node's readline would also split at U+2028, which JSON may hold.
 * Yields the rest without a newline last, if there is one. Throws LongLineError past `mostBytes`.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  mostBytes: number,
): AsyncGenerator<Line> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      const last = bytes.subarray(start, end);
      if (heldBytes + last.length > mostBytes) throw new LongLineError('a line is too long');
      yield { text: textOf(held, last), ended: true };
      held = [];
      heldBytes = 0;
      start = end + 1;
    }
    if (start < bytes.length) {
      held.push(bytes.subarray(start));
      heldBytes += bytes.length - start;
    }
    if (heldBytes > mostBytes) throw new LongLineError('a line is too long');
  }
  if (held.length > 0) yield { text: textOf(held, Buffer.alloc(0)), ended: false };
}

export type Line = {
  readonly text: string;
  /** False for what stood behind the last newline. */
  readonly ended: boolean;
};

function textOf(held: readonly Uint8Array[], last: Buffer): string {
  if (held.length === 0) return last.toString('utf8');
  return Buffer.concat([...held, last]).toString('utf8');
}
