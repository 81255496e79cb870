import type { Failure } from '#shared/cluster/cluster.ts';
import { failureOf } from '#shared/cluster/failure.ts';

/** What a server says of a path that it does not know: no Status, and no object named. */
export function notServed(doing: string): Failure {
  return failureOf({ status: 404, body: '404 page not found', doing });
}
