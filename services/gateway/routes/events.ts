import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { eventsHeadersSchema, eventsQuerySchema } from '#shared/contract/api.ts';
import type { App } from '../app.ts';
import { changeFrom, concerns, eventText } from '../change.ts';
import type { ChangeScope } from '../change.ts';
import { HttpProblem } from '../problem.ts';
import type { ApiParts } from './api.ts';

const mostStreams = 200;
const beatEachMs = 15_000;
/** A right that is taken away ends a stream this much later at most, and the verdict's time. */
const judgeEachMs = 30_000;

/** Changes as server-sent events: the entries of the book, as soon as they stand in it. */
export function addEventRoutes(app: App, parts: ApiParts): void {
  const { feed, guard, callerOf, streams } = parts;
  app.get('/v1/events', {
    schema: {
      summary: 'Changes as server-sent events; Last-Event-ID goes on where a stream broke off',
      description:
        'One event for each entry of the book. `id` is its sequence, `event` its kind, `data` the JSON of both with the body. Without Last-Event-ID the stream begins with what comes from now on.',
      tags: ['changes'],
      security: [{ token: [] }],
      produces: ['text/event-stream'],
      querystring: eventsQuerySchema,
      headers: eventsHeadersSchema,
    },
    handler: async (request, reply) => {
      const { after, ...scope } = request.query;
      const caller = callerOf(request);
      const judge = () => guard.demand(caller, { verb: 'list', ...scope });
      await judge();
      const from = startOf(request.headers['last-event-id'], after);
      const head = await feed.head();
      if (from !== undefined && from > head) {
        throw new HttpProblem(400, `The book has no entry ${from} yet; its newest is ${head}.`);
      }
      if (streams.count >= mostStreams) {
        throw new HttpProblem(503, 'Too many streams are open.', { retryAfterSeconds: 10 });
      }
      reply.hijack();
      await streams.run(reply.raw, (signal) =>
        Promise.race([
          stream(parts, reply.raw, { after: from ?? head, scope, signal }),
          endWithRight(parts, { judge, signal }),
        ]),
      );
    },
  });
}

type Streaming = {
  readonly after: number;
  readonly scope: ChangeScope;
  readonly signal: AbortSignal;
};

async function stream(
  { feed, clock }: ApiParts,
  response: ServerResponse,
  { after, scope, signal }: Streaming,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write('retry: 2000\n\n');
  const beating = beat(response, { clock, signal });
  for await (const page of feed.read(after, signal)) {
    const changes = page.map(changeFrom);
    const text = changes.filter((change) => concerns(change, scope)).map(eventText);
    // Also where nothing was of interest: the reader goes on behind what it may not see.
    const last = `id: ${page.at(-1)?.sequence}\n\n`;
    if (!response.write(text.length === 0 ? last : text.join(''))) {
      await once(response, 'drain', { signal });
    }
  }
  await beating;
}

/** A comment now and then, so that nobody on the way takes the silence for the end. */
async function beat(
  response: ServerResponse,
  { clock, signal }: Pick<ApiParts, 'clock'> & { readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(beatEachMs, signal).catch(() => undefined);
    if (!signal.aborted) response.write(':\n\n');
  }
}

/** Ends when the caller's right does; an API server that is away takes no right from anyone. */
async function endWithRight(
  { clock }: ApiParts,
  { judge, signal }: { readonly judge: () => Promise<void>; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(judgeEachMs, signal).catch(() => undefined);
    try {
      if (!signal.aborted) await judge();
    } catch (error) {
      if (error instanceof HttpProblem && error.status < 500) return;
    }
  }
}

function startOf(header: string | undefined, query: number | undefined): number | undefined {
  if (header === undefined) return query;
  const sequence = Number(header);
  if (Number.isSafeInteger(sequence) && sequence >= 0) return sequence;
  throw new HttpProblem(400, 'Last-Event-ID is not the number of an entry.');
}
