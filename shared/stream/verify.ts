import type { JetStreamManager, StreamInfo } from 'nats';
import { canonicalJson } from '#shared/lib/canonical.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import { apiErrorCode, streamNotFound } from './ask.ts';
import type { WantedStream } from './stream-config.ts';

/** What the broker knows of a stream; undefined when there is none. */
export async function streamInfo(
  manager: JetStreamManager,
  name: string,
): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (apiErrorCode(error) === streamNotFound) return undefined;
    throw error;
  }
}

/**
 * Reads a stream back and refuses what is not as we rely on it: an old broker drops fields that it does
 * not know without a word, and an operator may have changed one.
 */
export async function verifyStream(
  manager: JetStreamManager,
  wanted: WantedStream,
): Promise<StreamInfo> {
  const info = await streamInfo(manager, wanted.name);
  if (info === undefined) {
    throw new RefusalError(`the stream ${wanted.name} is not there; run the provision step first`);
  }
  const differing = differences(wanted, info.config);
  if (differing.length > 0) {
    throw new RefusalError(
      `the stream ${wanted.name} is not as Rollcall needs it: ${differing.join(', ')}; run the provision step again`,
    );
  }
  return info;
}

/** Each field that is not as wanted, in words. A field that the broker leaves out reads as off. */
export function differences(
  wanted: WantedStream,
  actual: Readonly<Partial<WantedStream>>,
): readonly string[] {
  const found = new Map(Object.entries(actual));
  return Object.entries(wanted)
    .map(([field, want]) => ({ field, want, have: found.get(field) ?? absentMeans(want) }))
    .filter(({ want, have }) => canonicalJson(want) !== canonicalJson(have))
    .map(({ field, want, have }) => {
      return `${field} is ${canonicalJson(have)} and must be ${canonicalJson(want)}`;
    });
}

function absentMeans(want: unknown): unknown {
  if (typeof want === 'boolean') return false;
  if (typeof want === 'number') return 0;
  return undefined;
}
