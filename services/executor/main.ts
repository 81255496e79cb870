import { claimStream } from '#shared/cluster/claim-stream.ts';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import { countCalls } from '#shared/cluster/call-metrics.ts';
import { loadDigestKey } from '#shared/cluster/template-digest.ts';
import { systemClock } from '#shared/process/clock.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { runProcess } from '#shared/process/run-process.ts';
import { openRecorderPosition } from '#shared/store/recorder-position.ts';
import { createLogMetrics } from '#shared/stream/log-metrics.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { BookGate } from './book-gate.ts';
import { createHands } from './hands.ts';
import { Lane } from './lane.ts';
import { createExecutorMetrics } from './metrics.ts';
import { execute } from './run.ts';
import { settingsSchema } from './settings.ts';
import { Vigil } from './vigil.ts';

await runProcess('executor', async ({ env, log, signal, health, meters }) => {
  const settings = parseSettings(settingsSchema, env);
  const key = await loadDigestKey(settings.digestKeyFile);
  await using stream = await openNatsLog(settings.stream, log);
  await using book = openRecorderPosition(settings.databaseUrl);
  await using cluster = await openCluster({
    ...settings.cluster,
    userAgent: 'rollcall-executor',
    onCall: countCalls(meters),
  });
  createLogMetrics(meters).follow(stream);
  const clock = systemClock;
  await claimStream({ cluster, positions: stream.positions, clock, log }, signal);
  const strain = () => stream.condition().strain;
  health.check('log', strain);
  health.becomes('standing by');
  await using lease = await stream.leases.hold('executor', `executor-${process.pid}`, signal);
  health.becomes('starting');
  using vigil = new Vigil(clock);
  const { policy } = settings;
  const gate = new BookGate({ stream, read: () => book.read(), strain, clock, log });
  health.check('book', () => gate.trouble);
  const lanes = {
    creates: new Lane(settings.createsInFlight),
    others: new Lane(settings.callsInFlight),
    notices: new Lane(2),
  };
  const run = execute(
    {
      stream,
      hands: createHands({ cluster, key, policy, clock }),
      gate,
      lanes,
      vigil,
      clock,
      log,
      metrics: createExecutorMetrics(meters, { gate, lanes }),
      onReady: () => health.becomes('active'),
    },
    signal,
  );
  await Promise.race([run, stream.lost, lease.lost]);
});
