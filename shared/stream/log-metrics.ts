import type { Meters } from '#shared/process/metrics.ts';
import type { LogCondition } from './condition.ts';
import { byFamily } from './traffic.ts';
import type { Flow, Traffic } from './traffic.ts';

/** As much of a log as its metrics are about. */
export type MeteredLog = { readonly traffic: Traffic; condition(): LogCondition };

export type LogMetrics = {
  /** Has the metrics tell of this connection from now on; a process may open one after the other. */
  follow(log: MeteredLog): void;
};

type Source = () => MeteredLog | undefined;

/** Tells what passed over a connection, how full the log is, and how far behind its reader. */
export function createLogMetrics(meters: Meters): LogMetrics {
  let followed: MeteredLog | undefined;
  const log: Source = () => followed;
  meterStored(meters, log);
  meterRead(meters, log);
  meterReader(meters, log);
  meterCondition(meters, log);
  return {
    follow(that) {
      followed = that;
    },
  };
}

function meterCondition(meters: Meters, log: Source): void {
  meters.readGauge({
    name: 'rollcall_log_fill_ratio',
    help: "How much of the stream's limits is used, 0 to 1.",
    read: () => log()?.condition().share,
  });
  meters.readGauge({
    name: 'rollcall_log_strained',
    help: '1 while the log is nearly full or takes no records, so that nothing is destroyed.',
    read: () => {
      const condition = log()?.condition();
      return condition && (condition.strain === undefined ? 0 : 1);
    },
  });
  meters.readGauge({
    name: 'rollcall_log_last_sequence',
    help: 'Sequence of the newest message of the log, asked for every few seconds.',
    read: () => log()?.condition().last,
  });
}

function meterStored(meters: Meters, log: Source): void {
  const told = { label: 'family' };
  const stored = (of: keyof Flow) => byFamily(log()?.traffic.stored, of);
  meters.readTotal({
    ...told,
    name: 'rollcall_log_stored_records_total',
    help: 'Records that this process stored in the log.',
    read: () => stored('records'),
  });
  meters.readTotal({
    ...told,
    name: 'rollcall_log_stored_frames_total',
    help: 'Messages that those records travelled in, 1 to 64 in each.',
    read: () => stored('messages'),
  });
  meters.readTotal({
    ...told,
    name: 'rollcall_log_stored_bytes_total',
    help: 'Bytes of those messages.',
    read: () => stored('bytes'),
  });
  meters.readTotal({
    name: 'rollcall_log_storing_seconds_total',
    help: 'Time until publishes were acknowledged, in all; by the frames it gives the mean.',
    read: () => (log()?.traffic.storingMs ?? 0) / 1_000,
  });
  meters.readTotal({
    name: 'rollcall_log_refusals_total',
    help: 'Publishes that the broker refused or did not answer in time; they are repeated.',
    read: () => log()?.traffic.refused,
  });
}

function meterRead(meters: Meters, log: Source): void {
  const told = { label: 'family' };
  const read = (of: keyof Flow) => byFamily(log()?.traffic.read, of);
  meters.readTotal({
    ...told,
    name: 'rollcall_log_read_records_total',
    help: 'Records that this process read from the log.',
    read: () => read('records'),
  });
  meters.readTotal({
    ...told,
    name: 'rollcall_log_read_messages_total',
    help: 'Messages that this process read from the log.',
    read: () => read('messages'),
  });
  meters.readTotal({
    ...told,
    name: 'rollcall_log_read_bytes_total',
    help: 'Bytes of those messages.',
    read: () => read('bytes'),
  });
  meters.readTotal({
    name: 'rollcall_log_unreadable_records_total',
    help: 'Records read from the log that could not be parsed.',
    read: () => log()?.traffic.unreadable,
  });
}

function meterReader(meters: Meters, log: Source): void {
  meters.readGauge({
    name: 'rollcall_reader_sequence',
    help: 'Sequence of the newest message that the reader of this process has taken.',
    read: () => log()?.traffic.reading?.sequence,
  });
  meters.readGauge({
    name: 'rollcall_reader_lag_messages',
    help: 'Messages of the log that the reader of this process has not taken yet.',
    read: () => whenThere(log(), lagOf),
  });
  meters.readGauge({
    name: 'rollcall_reader_lag_seconds',
    help: 'Age of the newest message that the reader has taken while there are newer ones; else 0.',
    read: () => whenThere(log(), (that) => lagSeconds(that, Date.now())),
  });
}

function whenThere(
  log: MeteredLog | undefined,
  read: (log: MeteredLog) => number | undefined,
): number | undefined {
  return log === undefined ? undefined : read(log);
}

/** Undefined where nothing is read. */
export function lagOf(log: MeteredLog): number | undefined {
  const { reading } = log.traffic;
  if (reading === undefined) return undefined;
  return reading.isPartial ? reading.pending : Math.max(0, log.condition().last - reading.sequence);
}

/** By the time of day of this machine, as the age of a message is measured by the broker's. */
export function lagSeconds(log: MeteredLog, nowMs: number): number | undefined {
  const lag = lagOf(log);
  if (lag === undefined || lag === 0) return lag;
  return Math.max(0, nowMs - (log.traffic.reading?.at ?? nowMs)) / 1_000;
}
