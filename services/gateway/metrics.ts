import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the gateway counts of itself. */
export type Metrics = {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'method' | 'status'>;
  readonly seconds: Histogram<'route'>;
  /** Parts of deliveries: `taken`, or why they were left out. */
  readonly delivered: Counter<'source' | 'result'>;
  /** Deliveries by what became of them: `stored`, `busy`, `refused`, `unauthorized`. */
  readonly deliveries: Counter<'source' | 'result'>;
  /** Since 1970; an alert on its age finds a source that has fallen silent. */
  readonly lastDelivery: Gauge<'source'>;
  readonly inFlight: Gauge;
  readonly streams: Gauge;
};

/** `inFlight` is asked whenever the metrics are. */
export function createMetrics(inFlight: () => number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'rollcall_gateway_requests_total',
      help: 'HTTP requests by route and status.',
      labelNames: ['route', 'method', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'rollcall_gateway_request_seconds',
      help: 'How long HTTP requests took, streams of changes apart.',
      labelNames: ['route'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    }),
    delivered: new Counter({
      name: 'rollcall_gateway_source_events_total',
      help: 'Events of the sources of attribution: taken, or why they were left out.',
      labelNames: ['source', 'result'],
      registers,
    }),
    deliveries: new Counter({
      name: 'rollcall_gateway_source_deliveries_total',
      help: 'Deliveries of the sources of attribution by what became of them.',
      labelNames: ['source', 'result'],
      registers,
    }),
    lastDelivery: new Gauge({
      name: 'rollcall_gateway_source_last_delivery_timestamp_seconds',
      help: 'When a source last delivered something.',
      labelNames: ['source'],
      registers,
    }),
    inFlight: new Gauge({
      name: 'rollcall_gateway_intake_in_flight',
      help: 'Records handed to the log and not yet stored.',
      registers,
      collect() {
        this.set(inFlight());
      },
    }),
    streams: new Gauge({
      name: 'rollcall_gateway_streams',
      help: 'Open streams of changes.',
      registers,
    }),
  };
}
