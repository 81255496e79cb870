import { pino } from 'pino';
import type { Logger } from 'pino';

export type { Logger } from 'pino';

/** One JSON line for each message on stdout; `name` tells the service. */
export function createLogger(name: string, level: string): Logger {
  return pino(
    {
      name,
      level,
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: pino.stdSerializers.errWithCause },
    },
    // Synchronous, so that the last line before an exit is not lost.
    pino.destination({ fd: 1, sync: true }),
  );
}

/** Says nothing: for tests, and for readers that have their own way to report. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
