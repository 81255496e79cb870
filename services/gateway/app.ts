import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import swagger from '@fastify/swagger';
import { fastify } from 'fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Logger } from '#shared/process/logger.ts';
import { isAway, lacksBook } from '#shared/store/away.ts';
import type { Metrics } from './metrics.ts';
import { HttpProblem } from './problem.ts';

export type App = Awaited<ReturnType<typeof createApp>>;

/** Certificate and key as PEM texts. */
export type Tls = { readonly cert: string; readonly key: string };

export type AppParts = {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tls?: Tls;
};

/** An HTTP server without routes: parses by schemas, describes itself, and answers every failure. */
export async function createApp({ log, metrics, tls }: AppParts) {
  const app = fastify({
    serverFactory: (handler) =>
      tls === undefined ? createServer(handler) : createTlsServer({ ...tls }, handler),
    logger: false,
    bodyLimit: 1024 * 1024,
    requestTimeout: 60_000,
    forceCloseConnections: true,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    sendProblem(reply, problemOf(error, { request, log }));
  });
  app.setNotFoundHandler((request, reply) => {
    sendProblem(
      reply,
      new HttpProblem(404, `There is nothing at ${request.method} ${pathOf(request)}.`),
    );
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    metrics.requests.inc({ route, method: request.method, status: reply.statusCode });
    // A stream takes as long as its reader stays.
    if (!isStream(reply)) metrics.seconds.observe({ route }, reply.elapsedTime / 1_000);
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'Rollcall',
        description:
          'Who asked for which size, what became of it, and which disks went away. Every answer is out of the book and says how far the book had come.',
        version: '1',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  });
  return app;
}

function sendProblem(reply: FastifyReply, problem: HttpProblem): void {
  // As text: the schemas of a route speak of its good answers.
  void reply
    .code(problem.status)
    .headers(problem.headers)
    .serializer((payload: unknown) => String(payload))
    .send(`${JSON.stringify(problem.body)}\n`);
}

function problemOf(
  error: FastifyError,
  { request, log }: { readonly request: FastifyRequest; readonly log: Logger },
): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message }) => ({
      field: instancePath.replace(/^\//, ''),
      message: message ?? 'is not valid',
    }));
    return new HttpProblem(400, 'The question cannot be read; `errors` tells what is wrong.', {
      errors,
    });
  }
  const { statusCode: status = 500 } = error;
  // The parser's message may quote the body.
  if (status < 500) return new HttpProblem(status, `The request cannot be read (${error.code}).`);
  if (isAway(error) || lacksBook(error)) {
    log.warn({ err: error, route: request.routeOptions.url }, 'the book cannot be asked');
    return new HttpProblem(503, 'The book cannot be reached now.', { retryAfterSeconds: 5 });
  }
  log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
  return new HttpProblem(500, 'This failed for a reason that the log of the gateway tells.');
}

function isStream({ raw }: FastifyReply): boolean {
  return raw.getHeader('content-type') === 'text/event-stream';
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?')[0] ?? '';
}
