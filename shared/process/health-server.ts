import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Health } from './health.ts';
import type { HealthSettings } from './health-settings.ts';
import type { Logger } from './logger.ts';
import { RefusalError } from './refusal.ts';

export type HealthServer = AsyncDisposable & {
  /** Where it listens; differs from what was asked for where any port was. */
  readonly port: number;
};

/** Answers the routes of `health` over HTTP. Throws RefusalError when it cannot listen there. */
export async function openHealthServer(
  { port, host }: HealthSettings,
  { health, log }: { readonly health: Health; readonly log: Logger },
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    void answer(health, request, response).catch((error: unknown) => {
      log.warn({ err: error, path: request.url }, 'a question about health was not answered');
      send(response, { status: 500, type: 'text/plain', body: 'failed\n' });
    });
  });
  // Whoever asks must not keep a process alive, nor hold a connection for long.
  server.unref();
  server.headersTimeout = server.requestTimeout = 5_000;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw new RefusalError(`${host}:${port} cannot be listened on, see ROLLCALL_HEALTH_PORT`, {
      cause: error,
    });
  }
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  health: Health,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path] = (request.url ?? '').split('?');
  const route = health.routes.find((one) => one.path === path);
  if (route === undefined) send(response, notFound);
  else if (request.method !== 'GET' && request.method !== 'HEAD') send(response, notAllowed);
  else send(response, await route.answer());
}

type Reply = { readonly status: number; readonly type: string; readonly body: string };

const notFound: Reply = { status: 404, type: 'text/plain', body: 'not found\n' };
const notAllowed: Reply = { status: 405, type: 'text/plain', body: 'only GET\n' };

function send(response: ServerResponse, { status, type, body }: Reply): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}
