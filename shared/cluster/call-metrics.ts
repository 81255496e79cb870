import type { Meters } from '#shared/process/metrics.ts';
import type { ToldCall } from './connection.ts';

/** Counts and times a service's calls of the API server. */
export function countCalls(meters: Meters): (told: ToldCall) => void {
  const calls = meters.histogram({
    name: 'rollcall_api_call_duration_seconds',
    help: 'Calls of the API server by verb and HTTP status, 0 for none; a watch until it begins.',
    labels: ['verb', 'code'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10],
  });
  return ({ verb, code, tookMs }) => calls.observe({ verb, code }, tookMs / 1_000);
}
