import type { FastifyRequest } from 'fastify';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { App } from '../app.ts';
import type { Intake, Taken } from '../intake.ts';
import type { Metrics } from '../metrics.ts';
import { HttpProblem } from '../problem.ts';
import type { Reading, Source } from '../who/source.ts';
import type { HookToken } from './hook-token.ts';

export type SourceDoor = {
  readonly source: Source;
  readonly token: HookToken;
  /** Longer deliveries are refused unread. */
  readonly mostBytes: number;
  readonly intake: Intake;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
};

/**
 * `POST /hooks/<source>`: takes deliveries of one source of attribution, and says 200 only when the log
 * has acknowledged what they told. Whoever is told to come again may deliver the same once more.
 */
export function addSourceDoor(app: App, door: SourceDoor): void {
  const { source, token, metrics } = door;
  app.route({
    method: 'POST',
    url: `/hooks/${source.name}`,
    bodyLimit: door.mostBytes,
    schema: { hide: true },
    onRequest: async (request: FastifyRequest) => {
      if (await token.fits(request.headers.authorization)) return;
      metrics.deliveries.inc({ source: source.name, result: 'unauthorized' });
      throw new HttpProblem(401, 'This hook needs its own token.');
    },
    handler: async (request, reply) => {
      const reading = source.read(request.body);
      count(door, reading);
      const taken = await door.intake.take(reading.records);
      metrics.deliveries.inc({ source: source.name, result: taken });
      answer(taken);
      await reply.code(200).send();
    },
  });
}

function count({ source, metrics, clock, log }: SourceDoor, { records, left }: Reading): void {
  metrics.lastDelivery.set({ source: source.name }, Math.floor(clock.wallMs() / 1_000));
  metrics.delivered.inc({ source: source.name, result: 'taken' }, records.length);
  for (const [reason, parts] of left) {
    metrics.delivered.inc({ source: source.name, result: reason }, parts);
  }
  const unjoinable = left.get('unjoinable');
  if (unjoinable === undefined) return;
  log.warn({ source: source.name, events: unjoinable }, 'events tell no uid and version');
}

/** A sender that is not told 200 comes again; both answers say when. */
function answer(taken: Taken): void {
  switch (taken) {
    case 'stored':
      return;
    case 'busy':
      throw new HttpProblem(429, 'Too many records are under way.', { retryAfterSeconds: 1 });
    case 'refused':
      throw new HttpProblem(503, 'The log takes no records now.', { retryAfterSeconds: 5 });
  }
}
