import type { Counter, Gauge, Histogram, Meters } from '#shared/process/metrics.ts';
import type { Outbox } from './outbox.ts';

export type WatcherMetrics = {
  readonly watches: Counter<'kind'>;
  readonly interruptions: Counter<'kind' | 'failure'>;
  readonly surveying: Histogram<'kind'>;
  readonly objects: Gauge<'kind'>;
  /** Has the gauges ask the outbox of this run. */
  follow(outbox: Pending): void;
};

type Pending = Pick<Outbox, 'held' | 'unstored' | 'merged'>;

export function createWatcherMetrics(meters: Meters): WatcherMetrics {
  let outbox: Pending | undefined;
  meterOutbox(meters, () => outbox);
  return {
    watches: meters.counter({
      name: 'rollcall_watches_started_total',
      help: 'Watches begun; an API server ends each after some minutes, so it rises slowly.',
      labels: ['kind'],
    }),
    interruptions: meters.counter({
      name: 'rollcall_watch_interruptions_total',
      help: 'Lists and watches that failed, by how.',
      labels: ['kind', 'failure'],
    }),
    surveying: meters.histogram({
      name: 'rollcall_survey_duration_seconds',
      help: 'From the first page of a whole list to its last.',
      labels: ['kind'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300],
    }),
    objects: meters.gauge({
      name: 'rollcall_surveyed_objects',
      help: 'Objects that the last survey of a kind has found.',
      labels: ['kind'],
    }),
    follow(that) {
      outbox = that;
    },
  };
}

function meterOutbox(meters: Meters, outbox: () => Pending | undefined): void {
  meters.readGauge({
    name: 'rollcall_outbox_facts',
    help: 'Facts on their way to the log: handed over (sending), or kept back while it is slow (held).',
    label: 'state',
    read: () => {
      const that = outbox();
      if (that === undefined) return [];
      return [
        ['sending', that.unstored],
        ['held', that.held],
      ];
    },
  });
  meters.readTotal({
    name: 'rollcall_outbox_merged_facts_total',
    help: 'Facts passed over under pressure, as a newer one of the same object followed.',
    read: () => outbox()?.merged,
  });
}
