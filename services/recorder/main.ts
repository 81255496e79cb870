import { systemClock } from '#shared/process/clock.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { runProcess } from '#shared/process/run-process.ts';
import { openStore } from '#shared/store/open-store.ts';
import { createLogMetrics } from '#shared/stream/log-metrics.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { createRecorderMetrics } from './metrics.ts';
import { record } from './record.ts';
import { recorderSettingsSchema } from './settings.ts';
import { Standing } from './standing.ts';

/** Reads the log and writes the book: one active at a time, the others wait. */
await runProcess('recorder', async ({ env, log: logger, signal, health, meters }) => {
  const settings = parseSettings(recorderSettingsSchema, env);
  await using log = await openNatsLog(settings.stream, logger);
  await using store = openStore({
    databaseUrl: settings.databaseUrl,
    name: 'rollcall-recorder',
    log: logger,
    sessions: 1,
  });
  const standing = new Standing();
  health.check('log', () => log.condition().strain);
  health.check('book', () => standing.trouble(log.condition().last, settings.mostBehind));
  createLogMetrics(meters).follow(log);
  const metrics = createRecorderMetrics(meters, { standing, last: () => log.condition().last });
  const onReady = () => health.becomes('active');
  const onStandby = () => health.becomes('standing by');
  const parts = {
    store,
    log,
    logger,
    clock: systemClock,
    attests: true,
    standing,
    metrics,
    onReady,
    onStandby,
  };
  await Promise.race([record(parts, signal), log.lost]);
});
