import { NatsError } from 'nats';
import type { JetStreamManager, StoredMsg } from 'nats';
import { backoffMs } from '#shared/process/backoff.ts';
import { systemClock } from '#shared/process/clock.ts';
import { LineageError } from './lineage.ts';
import type { Link } from './link.ts';

/** JetStream has no stream of that name. */
export const streamNotFound = 10059;

const again = { firstMs: 50, mostMs: 2_000 };

/** What JetStream says no with; undefined for an error that is no answer of its. */
export function apiErrorCode(error: unknown): number | undefined {
  if (!(error instanceof NatsError)) return undefined;
  return error.api_error?.err_code ?? error.api_error?.code;
}

/** Repeats a question while nobody answers; an answer that is a no is thrown, as is an abort. */
export async function untilAnswered<Value>(
  link: Link,
  ask: () => Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  for (let attempt = 1; ; attempt += 1) {
    await link.up(signal);
    try {
      return await ask();
    } catch (error) {
      if (link.failed) return await link.lost;
      const code = apiErrorCode(error);
      if (code === streamNotFound) {
        throw new LineageError('a stream of Rollcall is gone from the broker', { cause: error });
      }
      if (code !== undefined) throw error;
      link.log.debug({ err: error, attempt }, 'asking JetStream again');
      await systemClock.sleep(backoffMs(again, attempt, Math.random()), signal);
    }
  }
}

const noMessageFound = 10037;

/** A stored message; undefined when there is none at that place. */
export async function storedMessage(
  manager: JetStreamManager,
  stream: string,
  query: { readonly seq: number } | { readonly last_by_subj: string },
): Promise<StoredMsg | undefined> {
  try {
    return await manager.streams.getMessage(stream, query);
  } catch (error) {
    if (apiErrorCode(error) === noMessageFound) return undefined;
    throw error;
  }
}
