import { createHash } from 'node:crypto';
import type { Log, LogIdentity, Message } from './log.ts';
import type { Position } from './position.ts';

/** What a position is worth in the log that is there now. */
export type PositionCheck =
  /** The log is the one that was read, and nothing after the position is missing. */
  | 'same'
  /** The same log, but records after the position have aged out unread. */
  | 'gap'
  /** Another log: what was read before says nothing about it. */
  | 'broken';

/** The log is not the one that this process has read and written: only a start anew can go on. */
export class LineageError extends Error {
  override readonly name = 'LineageError';
}

export function identify(stream: string, createdAt: string): LogIdentity {
  const digest = createHash('sha256').update(`${stream}/${createdAt}`).digest('hex');
  return { stream, createdAt, lineage: digest.slice(0, 8) };
}

/**
 * Whether a position still stands. A broker that lost its disk, or was restored from an older copy,
 * gives sequences out again; a reader that went on by number alone would skip what is new.
 */
export async function checkPosition(
  log: Pick<Log, 'identity' | 'bounds' | 'at'>,
  position: Position,
): Promise<PositionCheck> {
  const { lineage, read } = position;
  if (lineage !== log.identity.lineage) return 'broken';
  if (read !== undefined && (await checkPosition(log, { lineage, ...read })) === 'broken') {
    return 'broken';
  }
  const { first, last } = await log.bounds();
  if (last < position.sequence) return 'broken';
  if (position.sequence + 1 < first) return 'gap';
  if (position.sequence < first) return 'same';
  const found = await log.at(position.sequence);
  return found !== undefined && found.hash === position.hash ? 'same' : 'broken';
}

/** The position of a reader that has taken in everything up to a message. */
export function positionAt(log: Log, message: Message): Position {
  return { lineage: log.identity.lineage, sequence: message.sequence, hash: message.hash };
}

/** The position of a reader that has read nothing yet. */
export function positionAtStart(log: Log): Position {
  return { lineage: log.identity.lineage, sequence: 0 };
}
