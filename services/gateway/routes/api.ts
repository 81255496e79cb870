import type { FastifyRequest } from 'fastify';
import type { ReviewedUser } from '#shared/cluster/reviews.ts';
import { assert } from '#shared/lib/assert.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Store } from '#shared/store/open-store.ts';
import type { App } from '../app.ts';
import type { ChangeFeed } from '../change-feed.ts';
import type { Guard } from '../guard.ts';
import type { Streams } from '../streams.ts';
import { addEventRoutes } from './events.ts';
import { addOperationRoutes } from './operations.ts';
import { addSetRoutes } from './sets.ts';
import { addVolumeRoutes } from './volumes.ts';

export type ApiDoor = {
  /** As a role that may only read. */
  readonly db: Store['db'];
  readonly guard: Guard;
  readonly feed: ChangeFeed;
  readonly streams: Streams;
  readonly clock: Clock;
};

export type ApiParts = ApiDoor & {
  /** Who sent a request that has been let in. */
  readonly callerOf: (request: FastifyRequest) => ReviewedUser;
};

/** `/v1`: every request is somebody's before anything of it is read. */
export async function addApi(app: App, door: ApiDoor): Promise<void> {
  const callers = new WeakMap<FastifyRequest, ReviewedUser>();
  const callerOf = (request: FastifyRequest): ReviewedUser => {
    const caller = callers.get(request);
    assert(caller !== undefined, 'a request of the API has no caller');
    return caller;
  };
  await app.register(async (scope: App) => {
    scope.addHook('onRequest', async (request) => {
      callers.set(request, await door.guard.callerOf(request));
    });
    const parts = { ...door, callerOf };
    addSetRoutes(scope, parts);
    addOperationRoutes(scope, parts);
    addVolumeRoutes(scope, parts);
    addEventRoutes(scope, parts);
  });
}
