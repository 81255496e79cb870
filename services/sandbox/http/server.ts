import { createPrivateKey } from 'node:crypto';
import { createServer } from 'node:https';
import type { Server } from 'node:https';

import type { Logger } from '#shared/process/logger.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import { allowingAuthorizer, roleAuthorizer } from '../access/authorizer.ts';
import type { AuthorizationMode } from '../access/authorizer.ts';
import { notingAuthorizer } from '../access/used-rights.ts';
import { openAdmission } from '../admission/admission.ts';
import type { ServiceAddresses } from '../admission/call-webhook.ts';
import { openServiceAccountTokens } from '../access/account-tokens.ts';
import type { Clock, Store } from '../store/types.ts';
import type { AggregatedApi } from './aggregated.ts';
import type { Audit } from './audit-trail.ts';
import { answer } from './answer.ts';
import type { AnswerParts } from './answer.ts';
import { openAuthenticator } from './authenticate.ts';
import type { Credentials } from './certificates.ts';
import { openChangeFeed } from './change-feed.ts';
import { objectReply, sendReply } from './reply.ts';
import { failure } from './status.ts';
import type { TokenUser } from './users.ts';
import type { WatchLimits } from './watch.ts';
import { openWatches } from './watches.ts';
import type { Select } from './watches.ts';

export type ApiServerParts = {
  readonly store: Store;
  /** Resolves when everything up to a resourceVersion is on disk. */
  readonly durable: (resourceVersion: number) => Promise<void>;
  readonly select: Select;
  readonly clock: Clock;
  readonly credentials: Credentials;
  readonly users: readonly TokenUser[];
  /** 0 takes any free port. */
  readonly port: number;
  readonly log: Logger;
  readonly authorization: AuthorizationMode;
  /** Where the rights that service accounts make use of are noted; nowhere when absent. */
  readonly usedRights?: string;
  /** APIs that are served beside the store's own. */
  readonly aggregated?: readonly AggregatedApi[];
  readonly audit?: Audit | undefined;
  /** Where webhooks reach services of the cluster: `namespace/name` → an address. */
  readonly webhookServices?: ServiceAddresses | undefined;
  readonly limits?: Partial<WatchLimits>;
};

export interface ApiServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Rejects when the journal fails: nothing can be answered from then on. */
  readonly lost: Promise<never>;
}

const host = '127.0.0.1';
const keepAliveMs = 5 * 60_000;

/** Serves the store to Kubernetes clients on the loopback address; disposing ends all watches. */
export async function openApiServer(parts: ApiServerParts): Promise<ApiServer> {
  const { store, clock, credentials, log } = parts;
  const lost = Promise.withResolvers<never>();
  // A rejection that nobody waits for yet must not end the process unseen.
  lost.promise.catch(() => {});
  const durable = async (resourceVersion: number): Promise<void> => {
    try {
      await parts.durable(resourceVersion);
    } catch (error) {
      lost.reject(error);
      throw error;
    }
  };
  const feed = openChangeFeed({ store, durable, failed: lost.reject });
  const limits = { bookmarkEveryMs: 60_000, mostBufferedBytes: 16 * 1024 * 1024, ...parts.limits };
  const watches = openWatches({ store, durable, feed, clock, limits, select: parts.select });
  const server = createServer({
    key: credentials.key,
    cert: credentials.certificate,
    // A client may show a certificate; what it proves is looked at with each request.
    ca: credentials.authority,
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.keepAliveTimeout = keepAliveMs;
  const port = await listen(server, parts.port);
  const roles = roleAuthorizer(store);
  const { usedRights } = parts;
  const noted = usedRights === undefined ? roles : notingAuthorizer(roles, usedRights);
  const key = createPrivateKey(credentials.authorityKey);
  const tokens = openServiceAccountTokens({ store, now: () => clock.now(), key });
  const accountOf = (token: string) => tokens.callerOf(token);
  const authenticator = openAuthenticator({
    users: parts.users,
    accountOf,
    authorizer: roles,
  });
  serve(server, log, {
    tokens,
    callerOf: (token) => authenticator.callerOf(token),
    identify: (request) => authenticator.identify(request),
    authorizer: parts.authorization === 'RBAC' ? noted : allowingAuthorizer(),
    admitsAnonymous: parts.authorization === 'RBAC',
    aggregated: parts.aggregated ?? [],
    audit: parts.audit,
    admission: openAdmission({ store, services: parts.webhookServices ?? {} }),
    store,
    durable,
    now: () => clock.now(),
    watch: (exchange, asked) => watches.answer(exchange, asked),
    serverAddress: () => `${host}:${port}`,
  });
  return {
    port,
    url: `https://${host}:${port}`,
    lost: lost.promise,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      watches.close();
      feed.close();
      server.closeIdleConnections();
      // Who keeps a request open now is a client that does not read.
      const cancel = clock.after(1_000, () => server.closeAllConnections());
      await closed;
      cancel();
    },
  };
}

function serve(server: Server, log: Logger, parts: AnswerParts): void {
  server.on('request', (request, response) => {
    // A body that is not read is thrown away, so that the connection can be used again.
    const carryOut = async (): Promise<void> => {
      const reply = await answer(parts, request, response);
      if (reply !== undefined) await sendReply(request, response, reply);
      if (!request.readableEnded) request.resume();
    };
    carryOut().catch((error: unknown) => {
      log.error({ err: error, method: request.method }, 'a request failed');
      if (response.headersSent) return response.destroy();
      const status = { ...failure(500, 'Internal error occurred'), reason: 'InternalError' };
      sendReply(request, response, objectReply(status, 500)).catch(() => response.destroy());
    });
  });
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenProblem(error, port)));
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** A port that someone else has is for a person to mend. */
function listenProblem(error: Error, port: number): Error {
  if ('code' in error && error.code === 'EADDRINUSE') {
    return new RefusalError(
      `port ${port} of ${host} is taken; set ROLLCALL_SANDBOX_PORT to another`,
    );
  }
  return new Error(`listening on ${host}:${port}`, { cause: error });
}
