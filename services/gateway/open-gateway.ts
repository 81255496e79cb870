import { Server as TlsServer } from 'node:tls';
import type { Clock } from '#shared/process/clock.ts';
import type { Health } from '#shared/process/health.ts';
import { Meters } from '#shared/process/metrics.ts';
import type { Logger } from '#shared/process/logger.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import type { Store } from '#shared/store/open-store.ts';
import { addAdmissionDoors } from './admission/door.ts';
import type { Foresight } from './admission/foresight.ts';
import { rememberingAccess } from './access.ts';
import type { Access } from './access.ts';
import { createApp } from './app.ts';
import type { Tls } from './app.ts';
import { ChangeFeed } from './change-feed.ts';
import { Guard } from './guard.ts';
import type { HookToken } from './hooks/hook-token.ts';
import { addSourceDoor } from './hooks/sources.ts';
import type { Intake } from './intake.ts';
import { createMetrics } from './metrics.ts';
import { addApi } from './routes/api.ts';
import { addOpenRoutes } from './routes/health.ts';
import { Streams } from './streams.ts';
import { auditSource } from './who/audit.ts';

export type GatewayParts = {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls?: Tls;
  readonly db: Store['db'];
  readonly access: Access;
  readonly intake: Intake;
  /** Absent: there is no audit hook. */
  readonly audit?: { readonly token: HookToken; readonly mostBytes: number };
  /** Absent: there are no admission webhooks. */
  readonly admission?: Pick<Foresight, 'cluster' | 'kubevirtControllers'>;
  readonly health: Health;
  /** The process's own; one for the gateway alone when absent. */
  readonly meters?: Meters;
  readonly clock: Clock;
  readonly log: Logger;
};

export interface Gateway extends AsyncDisposable {
  readonly url: string;
  /** Shows another certificate from the next connection on; throws for a key that does not fit. */
  readonly present: (tls: Tls) => void;
}

/**
 * Serves people and systems through doors, each with its own way to know who stands before it: hooks by
 * a shared token, the API by the cluster's judgement, health and metrics openly.
 */
export async function openGateway(parts: GatewayParts): Promise<Gateway> {
  const { db, intake, health, clock, log, tls } = parts;
  const { meters = new Meters('gateway') } = parts;
  const metrics = createMetrics(meters, () => intake.inFlight);
  const app = await createApp({ log, metrics, ...(tls && { tls }) });
  const streams = new Streams(metrics.streams, log);
  app.addHook('preClose', () => streams.close());
  addOpenRoutes(app, { health, metrics });
  if (parts.audit !== undefined) {
    addSourceDoor(app, { ...parts.audit, source: auditSource, intake, metrics, clock, log });
  }
  if (parts.admission !== undefined) {
    // An API server speaks to webhooks by TLS only; without it they are for whoever is on this machine.
    if (tls !== undefined || isLoopback(parts.listen.host)) {
      addAdmissionDoors(app, { ...parts.admission, db, clock, log });
    } else {
      log.warn('no admission webhooks: beyond loopback they need TLS');
    }
  }
  const guard = new Guard(rememberingAccess(parts.access, clock));
  const feed = new ChangeFeed({ db, clock, log });
  await addApi(app, { db, guard, feed, streams, clock });
  const url = await listen(app, parts.listen);
  return {
    // The server is of our making, so fastify does not know that it speaks TLS.
    url: tls === undefined ? url : url.replace(/^http:/, 'https:'),
    present: (renewed) => {
      if (app.server instanceof TlsServer) app.server.setSecureContext({ ...renewed });
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

async function listen(
  app: Awaited<ReturnType<typeof createApp>>,
  { host, port }: GatewayParts['listen'],
): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    throw new RefusalError(`${host}:${port} cannot be listened on, see ROLLCALL_GATEWAY_LISTEN`, {
      cause: error,
    });
  }
}
