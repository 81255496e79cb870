import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Health, Phase, RouteAnswer } from './health.ts';

export type { Counter, Gauge, Histogram } from 'prom-client';

type Named = { readonly name: string; readonly help: string };

type Labelled<Label extends string> = Named & { readonly labels?: readonly Label[] };

/** A number that is kept elsewhere and asked for at each scrape; `undefined` leaves it out. */
type Read = Named & { readonly read: () => number | undefined };

/** The same for several numbers, told apart by one label. */
type ReadEach = Named & {
  readonly label: string;
  readonly read: () => Iterable<readonly [string, number]>;
};

/**
 * What one process counts, for whoever scrapes it. Where something happens thousands of times a second it
 * is counted in a plain number and read here at the scrape; the rest counts in prom-client's own metrics.
 * A label takes only values out of a closed list: never the name of an object, a user or an address.
 */
export class Meters {
  readonly #registry = new Registry();
  #knowsProcess = false;

  /** Every metric carries the service as its label `component`. */
  constructor(service: string) {
    this.#registry.setDefaultLabels({ component: service });
  }

  counter<Label extends string = never>({ name, help, labels = [] }: Labelled<Label>) {
    return new Counter({ name, help, labelNames: labels, registers: [this.#registry] });
  }

  gauge<Label extends string = never>({ name, help, labels = [] }: Labelled<Label>) {
    return new Gauge({ name, help, labelNames: labels, registers: [this.#registry] });
  }

  histogram<Label extends string = never>({
    name,
    help,
    labels = [],
    buckets,
  }: Labelled<Label> & { readonly buckets: readonly number[] }) {
    const registers = [this.#registry];
    return new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers });
  }

  /** A counter that is kept elsewhere. */
  readTotal(one: Read | ReadEach): void {
    const { name, help } = one;
    const total: Counter = new Counter({
      name,
      help,
      labelNames: 'label' in one ? [one.label] : [],
      registers: [this.#registry],
      collect: () => {
        total.reset();
        if ('label' in one) {
          for (const [value, count] of one.read()) total.inc({ [one.label]: value }, count);
        } else {
          total.inc(one.read() ?? 0);
        }
      },
    });
  }

  /** A gauge that is kept elsewhere. */
  readGauge(one: Read | ReadEach): void {
    const { name, help } = one;
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: 'label' in one ? [one.label] : [],
      registers: [this.#registry],
      collect: () => {
        if ('label' in one) {
          gauge.reset();
          for (const [value, number] of one.read()) gauge.set({ [one.label]: value }, number);
          return;
        }
        const number = one.read();
        if (number === undefined) gauge.remove();
        else gauge.set(number);
      },
    });
  }

  /** All of it in Prometheus' text format. */
  async answer(): Promise<RouteAnswer> {
    // Watching the event loop and the garbage collector costs; a process that nobody asks does without.
    if (!this.#knowsProcess) collectDefaultMetrics({ register: this.#registry });
    this.#knowsProcess = true;
    return {
      status: 200,
      type: this.#registry.contentType,
      body: await this.#registry.metrics(),
    };
  }
}

const phases: readonly Phase[] = ['starting', 'standing by', 'active'];

/** Tells how the process itself is, and answers the scrapes beside the probes. */
export function meterHealth(meters: Meters, health: Health): void {
  meters.readGauge({
    name: 'rollcall_ready',
    help: '1 while the service is ready, as /readyz tells with the reasons.',
    read: () => (health.readiness.ready ? 1 : 0),
  });
  meters.readGauge({
    name: 'rollcall_phase',
    help: '1 for the phase that the service is in: starting, standing by, active.',
    label: 'phase',
    read: () => {
      const { phase } = health.readiness;
      return phases.map((one) => [one, one === phase ? 1 : 0]);
    },
  });
  health.add({ path: '/metrics', answer: () => meters.answer() });
}
