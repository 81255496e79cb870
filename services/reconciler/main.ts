import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '#shared/process/clock.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { runProcess } from '#shared/process/run-process.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { core } from './decider.ts';
import { reconcile } from './run.ts';
import { settingsSchema } from './settings.ts';

await runProcess('reconciler', async ({ env, log, signal, health }) => {
  const settings = parseSettings(settingsSchema, env);
  await using stream = await openNatsLog(settings.stream, log);
  // Another for each run, so that no process takes the records of an earlier one for its own.
  const holder = `${hostname()}/${process.pid}/${randomUUID()}`;
  health.check('log', () => stream.condition().strain);
  const onPhase = health.becomes.bind(health);
  const parts = { stream, log, settings, holder, clock: systemClock, decider: core, onPhase };
  await Promise.race([reconcile(parts, signal), stream.lost]);
});
