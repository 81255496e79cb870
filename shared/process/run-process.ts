import { healthSettingsSchema } from './health-settings.ts';
import { openHealthServer } from './health-server.ts';
import { Health } from './health.ts';
import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import { meterHealth, Meters } from './metrics.ts';
import { parseSettings, SettingsError } from './parse-settings.ts';
import type { Environment } from './parse-settings.ts';
import { RefusalError } from './refusal.ts';
import { secretsFromFiles } from './secrets-from-files.ts';
import { openTracing } from './tracing.ts';

/** What a service is given by the process that it runs in; nothing else may read process.env. */
export type ProcessContext = {
  readonly env: Environment;
  readonly log: Logger;
  /** Aborts on SIGTERM, SIGINT. */
  readonly signal: AbortSignal;
  /** What is told outside, on ROLLCALL_HEALTH_PORT. */
  readonly health: Health;
  /** What is counted, for /metrics beside it. */
  readonly meters: Meters;
};

/** How long a service may take to stop after the signal, before it is ended. */
const lastResortMs = 8_000;

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * Runs a service to its end: exit code 0 when it stops after a signal or returns, 1 when it fails. What
 * a person must mend before a start can succeed is said in one sentence on stderr, without a stack.
 */
export async function runProcess(
  name: string,
  main: (context: ProcessContext) => Promise<void>,
): Promise<void> {
  const log = createLogger(name, levelFrom(process.env));
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) return;
      log.info({ signal }, 'stopping');
      stop.abort();
      setTimeout(() => endLate(log), lastResortMs).unref();
    });
  }
  try {
    const health = new Health(name);
    const meters = new Meters(name);
    meterHealth(meters, health);
    await using _server = await openHealth(health, log);
    await using _tracing = await openTracing(name, process.env);
    await main({ env: secretsFromFiles(process.env), log, signal: stop.signal, health, meters });
    process.exitCode = 0;
  } catch (error) {
    process.exitCode = stop.signal.aborted && isAbort(error) ? 0 : reportFailure(name, log, error);
  }
  log.info({ exitCode: process.exitCode }, 'stopped');
  // A forgotten handle must not keep a service alive that has nothing left to do.
  process.exit();
}

async function openHealth(health: Health, log: Logger): Promise<AsyncDisposable | undefined> {
  const settings = parseSettings(healthSettingsSchema, process.env);
  return settings.port === 0 ? undefined : openHealthServer(settings, { health, log });
}

function levelFrom(env: Environment): string {
  const level = env['LOG_LEVEL'];
  return level !== undefined && levels.includes(level) ? level : 'info';
}

function endLate(log: Logger): void {
  log.error({ afterMs: lastResortMs }, 'did not stop in time, ended');
  process.exit(1);
}

function reportFailure(name: string, log: Logger, error: unknown): number {
  if (error instanceof SettingsError || error instanceof RefusalError) {
    process.stderr.write(`${name}: ${error.message}\n`);
    log.error({ problem: error.message }, 'refused to start');
  } else {
    log.fatal({ err: error }, 'failed');
  }
  return 1;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
