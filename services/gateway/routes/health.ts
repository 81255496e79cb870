import type { Health } from '#shared/process/health.ts';
import type { App } from '../app.ts';
import type { Metrics } from '../metrics.ts';

/** What may be asked without a token: how the process is, what it counts, and what there is to ask. */
export function addOpenRoutes(
  app: App,
  { health, metrics }: { readonly health: Health; readonly metrics: Metrics },
): void {
  for (const { path, answer } of health.routes) {
    app.get(path, {
      schema: { hide: true },
      handler: async (_request, reply) => {
        const { status, type, body } = await answer();
        await reply.code(status).type(type).header('cache-control', 'no-store').send(body);
      },
    });
  }
  app.get('/metrics', {
    schema: { hide: true },
    handler: async (_request, reply) => {
      const { registry } = metrics;
      await reply.type(registry.contentType).send(await registry.metrics());
    },
  });
  app.get('/openapi.json', {
    schema: { hide: true },
    handler: async (_request, reply) => {
      await reply.send(app.swagger());
    },
  });
}
