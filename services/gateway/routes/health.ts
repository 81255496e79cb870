import type { Health, Route } from '#shared/process/health.ts';
import type { App } from '../app.ts';
import type { Metrics } from '../metrics.ts';

/** What may be asked without a token: how the process is, what it counts, and what there is to ask. */
export function addOpenRoutes(
  app: App,
  { health, metrics }: { readonly health: Health; readonly metrics: Metrics },
): void {
  // What the process answers on its own port it answers here too; the gateway has a port for people.
  const mine = { path: '/metrics', answer: () => metrics.meters.answer() };
  for (const { path, answer } of [...health.routes.filter(isNot(mine.path)), mine]) {
    app.get(path, {
      schema: { hide: true },
      handler: async (_request, reply) => {
        const { status, type, body } = await answer();
        await reply.code(status).type(type).header('cache-control', 'no-store').send(body);
      },
    });
  }
  app.get('/openapi.json', {
    schema: { hide: true },
    handler: async (_request, reply) => {
      await reply.send(app.swagger());
    },
  });
}

function isNot(path: string): (route: Route) => boolean {
  return (route) => route.path !== path;
}
