import type { Counter, Histogram, Meters } from '#shared/process/metrics.ts';
import type { Changes } from './changes.ts';
import type { Standing } from './standing.ts';

export type RecorderMetrics = {
  readonly writing: Histogram;
  /** Counts what one transaction has written. */
  count(changes: Changes): void;
};

type Sources = {
  readonly standing: Standing;
  /** Sequence of the newest message of the log. */
  readonly last: () => number;
};

export function createRecorderMetrics(meters: Meters, sources: Sources): RecorderMetrics {
  meterBook(meters, sources);
  const entries: Counter<'kind'> = meters.counter({
    name: 'rollcall_book_entries_total',
    help: 'Lines written into the book, by kind.',
    labels: ['kind'],
  });
  const quarantined = meters.counter({
    name: 'rollcall_quarantined_records_total',
    help: 'Records that could not be read, noted in the book.',
  });
  return {
    writing: meters.histogram({
      name: 'rollcall_book_write_duration_seconds',
      help: 'How long one batch took to be folded and committed.',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    }),
    count(changes) {
      for (const { kind } of changes.entries) entries.inc({ kind });
      quarantined.inc(changes.poisons.length);
    },
  };
}

function meterBook(meters: Meters, { standing, last }: Sources): void {
  meters.readGauge({
    name: 'rollcall_book_sequence',
    help: 'Sequence up to which the log stands in the book; only told by the recorder that writes it.',
    read: () => standing.sequence,
  });
  meters.readGauge({
    name: 'rollcall_book_lag_messages',
    help: 'Messages of the log that the book does not hold yet.',
    read: () => behind(standing, last()),
  });
  meters.readGauge({
    name: 'rollcall_book_lag_seconds',
    help: 'Age of the newest message in the book while the log has newer ones; otherwise 0.',
    read: () => {
      const lag = behind(standing, last());
      if (lag === undefined) return undefined;
      return lag === 0 ? 0 : Math.max(0, Date.now() - (standing.at ?? 0)) / 1_000;
    },
  });
  meters.readGauge({
    name: 'rollcall_book_away',
    help: '1 while the database cannot be written, so that nothing is destroyed.',
    read: () => (standing.isAway ? 1 : 0),
  });
}

function behind({ sequence }: Standing, last: number): number | undefined {
  return sequence === undefined ? undefined : Math.max(0, last - sequence);
}
