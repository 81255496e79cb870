import { once } from 'node:events';
import { countCalls } from '#shared/cluster/call-metrics.ts';
import { ownerOfStream } from '#shared/cluster/claim-stream.ts';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import { openReviews } from '#shared/cluster/reviews.ts';
import { systemClock } from '#shared/process/clock.ts';
import { parseSettings } from '#shared/process/parse-settings.ts';
import { runProcess } from '#shared/process/run-process.ts';
import { openStore } from '#shared/store/open-store.ts';
import { createLogMetrics } from '#shared/stream/log-metrics.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { followCertificate, readTls } from './certificate.ts';
import { openHookToken } from './hooks/hook-token.ts';
import { Intake } from './intake.ts';
import { openGateway } from './open-gateway.ts';
import { settingsSchema } from './settings.ts';
import { watchBook } from './watch-book.ts';

/** People and systems come in here: they ask the book, and tell the log who did what. */
await runProcess('gateway', async ({ env, log, signal, health, meters }) => {
  const settings = parseSettings(settingsSchema, env);
  const clock = systemClock;
  const { tlsFiles: files } = settings;
  const tls = files && (await readTls(files));
  const { tokenFile, mostBytes } = settings.audit;
  const token = tokenFile === undefined ? undefined : await openHookToken(tokenFile, clock);
  await using stream = await openNatsLog(settings.stream, log);
  createLogMetrics(meters).follow(stream);
  await using store = openStore({
    databaseUrl: settings.databaseUrl,
    name: 'rollcall-gateway',
    log,
  });
  const onCall = countCalls(meters);
  const asGateway = { ...settings.cluster, userAgent: 'rollcall-gateway', onCall };
  await using access = await openReviews(asGateway);
  await using cluster = await openCluster({
    ...settings.cluster,
    userAgent: 'rollcall-gateway',
    timeoutMs: 2_000,
  });
  const { positions } = stream;
  const clusterId = await ownerOfStream({ positions, clock, log }, signal);
  const intake = new Intake({ log: stream, clusterId, clock, ...settings.intake });
  health.check('log', () => stream.condition().strain);
  health.check('book', watchBook({ db: store.db, clock }, signal));
  await using gateway = await openGateway({
    listen: settings.listen,
    ...(tls && { tls }),
    ...(token && { audit: { token, mostBytes } }),
    admission: { cluster, kubevirtControllers: settings.kubevirtControllers },
    ...{ db: store.db, access, intake, health, meters, clock, log },
  });
  if (files !== undefined && tls !== undefined) {
    const { present } = gateway;
    void followCertificate({ files, shown: tls, present, clock, log }, signal);
  }
  health.becomes('active');
  log.info({ url: gateway.url }, 'ready');
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort');
  await Promise.race([stopped, stream.lost]);
});
