import type { Counter, Gauge, Histogram, Meters } from '#shared/process/metrics.ts';

/** What the gateway counts of itself. */
export type Metrics = {
  readonly meters: Meters;
  readonly requests: Counter<'route' | 'method' | 'status'>;
  readonly seconds: Histogram<'route'>;
  /** Parts of deliveries: `taken`, or why they were left out. */
  readonly delivered: Counter<'source' | 'result'>;
  /** Deliveries by what became of them: `stored`, `busy`, `refused`, `unauthorized`. */
  readonly deliveries: Counter<'source' | 'result'>;
  /** Since 1970; an alert on its age finds a source that has fallen silent. */
  readonly lastDelivery: Gauge<'source'>;
  readonly streams: Gauge;
};

/** `inFlight` is asked whenever the metrics are. */
export function createMetrics(meters: Meters, inFlight: () => number): Metrics {
  meters.readGauge({
    name: 'rollcall_gateway_intake_in_flight',
    help: 'Records handed to the log and not yet stored.',
    read: inFlight,
  });
  return {
    meters,
    requests: meters.counter({
      name: 'rollcall_gateway_requests_total',
      help: 'HTTP requests by route and status.',
      labels: ['route', 'method', 'status'],
    }),
    seconds: meters.histogram({
      name: 'rollcall_gateway_request_seconds',
      help: 'How long HTTP requests took, streams of changes apart.',
      labels: ['route'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    }),
    delivered: meters.counter({
      name: 'rollcall_gateway_source_events_total',
      help: 'Events of the sources of attribution: taken, or why they were left out.',
      labels: ['source', 'result'],
    }),
    deliveries: meters.counter({
      name: 'rollcall_gateway_source_deliveries_total',
      help: 'Deliveries of the sources of attribution by what became of them.',
      labels: ['source', 'result'],
    }),
    lastDelivery: meters.gauge({
      name: 'rollcall_gateway_source_last_delivery_timestamp_seconds',
      help: 'When a source last delivered something.',
      labels: ['source'],
    }),
    streams: meters.gauge({
      name: 'rollcall_gateway_streams',
      help: 'Open streams of changes.',
    }),
  };
}
