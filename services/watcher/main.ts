import { randomBytes, randomInt } from 'node:crypto';
import { claimStream } from '#shared/cluster/claim-stream.ts';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import { loadDigestKey } from '#shared/cluster/template-digest.ts';
import { systemClock } from '#shared/process/clock.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { runProcess } from '#shared/process/run-process.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { watchCluster } from './run.ts';
import { settingsSchema } from './settings.ts';

await runProcess('watcher', async ({ env, log, signal }) => {
  const settings = parseSettings(settingsSchema, env);
  const { surveyEachMs, pageSize, limits } = settings;
  const key = await loadDigestKey(settings.digestKeyFile);
  const clock = systemClock;
  await using stream = await openNatsLog(settings.stream, log);
  await using cluster = await openCluster({ ...settings.cluster, userAgent: 'rollcall-watcher' });
  const clusterId = await claimStream({ cluster, positions: stream.positions, clock, log }, signal);
  const run = randomBytes(4).toString('hex');
  await using lease = await stream.leases.hold('watcher', `watcher-${run}`, signal);
  const backoff = { firstMs: 250, mostMs: 30_000 };
  const options = { run, pageSize, surveyEachMs, backoff };
  const seed = randomInt(2 ** 32);
  const parts = { cluster, clusterId, stream, key, clock, log, options, limits, seed };
  await Promise.race([watchCluster(parts, signal), stream.lost, lease.lost]);
});
