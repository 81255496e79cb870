import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '#shared/process/clock.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { runProcess } from '#shared/process/run-process.ts';
import type { Phase } from '#shared/process/health.ts';
import type { ProcessContext } from '#shared/process/run-process.ts';
import { LineageError } from '#shared/stream/lineage.ts';
import { createLogMetrics } from '#shared/stream/log-metrics.ts';
import type { LogMetrics } from '#shared/stream/log-metrics.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { tellPolicy } from '#shared/stream/told-policy.ts';
import { core } from './decider.ts';
import type { Memory } from './footing.ts';
import { createReconcilerMetrics } from './metrics.ts';
import type { ReconcilerMetrics } from './metrics.ts';
import { reconcile } from './run.ts';
import { settingsSchema } from './settings.ts';

await runProcess('reconciler', async (context) => {
  const memory: Memory = {};
  const { meters } = context;
  const ofLog = createLogMetrics(meters);
  const metrics = createReconcilerMetrics(meters);
  for (;;) {
    try {
      return await reconcileOnce(context, { memory, metrics, ofLog });
    } catch (error) {
      // A process that ended here would take with it the proof that the log is another one.
      if (!(error instanceof LineageError)) throw error;
      context.log.error({ err: error }, 'beginning anew on the log that is there');
    }
  }
});

/** What outlives one log. */
type Kept = {
  readonly memory: Memory;
  readonly metrics: ReconcilerMetrics;
  readonly ofLog: LogMetrics;
};

async function reconcileOnce(
  { env, log, signal, health }: ProcessContext,
  { ofLog, ...kept }: Kept,
): Promise<void> {
  const settings = parseSettings(settingsSchema, env);
  await using stream = await openNatsLog(settings.stream, log);
  ofLog.follow(stream);
  // Another for each run, so that no process takes the records of an earlier one for its own.
  const holder = `${hostname()}/${process.pid}/${randomUUID()}`;
  health.check('log', () => stream.condition().strain);
  const onPhase = (phase: Phase): void => {
    health.becomes(phase);
    if (phase !== 'active') return;
    tellPolicy(stream.positions, settings.policy).catch((error: unknown) => {
      log.warn({ err: error }, 'the policy was not told');
    });
  };
  const around = { stream, log, settings, holder, clock: systemClock };
  const parts = { ...around, ...kept, decider: core, onPhase };
  await Promise.race([reconcile(parts, signal), stream.lost]);
}
