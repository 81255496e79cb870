import { decodeFrame, hashOf } from './frame.ts';
import type { Message } from './log.ts';
import { parseSubject } from './subjects.ts';

/** A message as it lies in the stream, before anything is read of it. */
export type RawMessage = {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly trace?: string;
};

/** Undefined for a subject that no writer of ours uses: nobody may act on it, nobody needs it. */
export function toMessage({ subject, data, sequence, at, trace }: RawMessage): Message | undefined {
  const address = parseSubject(subject);
  if (address === undefined) return undefined;
  return {
    ...{ sequence, at, ...address, hash: hashOf(data), ...decodeFrame(data, address.family) },
    ...(trace !== undefined && { trace }),
  };
}
