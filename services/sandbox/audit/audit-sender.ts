import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

import type { Logger } from '#shared/process/logger.ts';
import type { AuditEvent } from './audit-event.ts';

export type AuditTarget = {
  readonly url: string;
  readonly token: string;
};

/** Posts audit events in batches and forgets what it cannot keep; nobody ever waits for it. */
export interface AuditSender extends AsyncDisposable {
  send(event: AuditEvent): void;
}

const mostInBatch = 100;
const batchMs = 200;
/** Beyond this the newest are dropped, as a real API server does in mode `batch`. */
const mostWaiting = 10_000;
const firstBackoffMs = 500;
const longestBackoffMs = 10_000;
const timeoutMs = 4_000;
/** How long disposing tries to get rid of what waits. */
const farewellMs = 2_000;

export function openAuditSender(target: AuditTarget, log: Logger): AuditSender {
  const waiting: AuditEvent[] = [];
  const stopping = new AbortController();
  let wake: (() => void) | undefined;
  let dropped = 0;

  const somethingWaits = async (): Promise<void> => {
    if (waiting.length > 0 || stopping.signal.aborted) return;
    await new Promise<void>((resolve) => void (wake = resolve));
  };
  const run = async (): Promise<void> => {
    for (;;) {
      await somethingWaits();
      if (waiting.length === 0) return;
      if (waiting.length < mostInBatch) await pause(batchMs, stopping.signal);
      const batch = waiting.slice(0, mostInBatch);
      if (!(await deliver(target, batch, { log, stop: stopping.signal }))) return;
      waiting.splice(0, batch.length);
      if (dropped > 0) log.warn({ dropped }, 'audit events were dropped');
      dropped = 0;
    }
  };
  const done = run();
  return {
    send(event) {
      if (stopping.signal.aborted) return;
      if (waiting.length >= mostWaiting) dropped += 1;
      else waiting.push(event);
      wake?.();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      wake?.();
      await done;
    },
  };
}

type Delivery = { readonly log: Logger; readonly stop: AbortSignal };

/** Tries until it succeeds; once it is stopping, for a little while. False: given up. */
async function deliver(
  target: AuditTarget,
  events: readonly AuditEvent[],
  { log, stop }: Delivery,
): Promise<boolean> {
  const body = JSON.stringify({
    kind: 'EventList',
    apiVersion: 'audit.k8s.io/v1',
    metadata: {},
    items: events,
  });
  let givenUpAt = Infinity;
  for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(backoffMs * 2, longestBackoffMs)) {
    const outcome = await post(target, body);
    if (outcome === 'taken') return true;
    if (stop.aborted && givenUpAt === Infinity) givenUpAt = performance.now() + farewellMs;
    if (performance.now() + firstBackoffMs > givenUpAt) return false;
    log.debug({ outcome, events: events.length }, 'audit events were not taken');
    await pause(stop.aborted ? firstBackoffMs : backoffMs, stop);
  }
}

/** Ends early when stopping begins, but only then. */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  // The pause is over either way.
  await delay(ms, undefined, { signal: stop }).catch(() => {});
}

/** A refusal of what was sent is not mended by sending it again; anything else may be. */
function post({ url, token }: AuditTarget, body: string): Promise<'taken' | 'later'> {
  const open = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const request = open(
      url,
      {
        method: 'POST',
        timeout: timeoutMs,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        response.resume();
        const code = response.statusCode ?? 0;
        const isLost = code === 400 || code === 413 || code === 422;
        response.on('close', () => resolve(code < 300 || isLost ? 'taken' : 'later'));
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve('later'));
    request.end(body);
  });
}
