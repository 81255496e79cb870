import { expect, test } from 'vitest';
import { silentLogger } from '#shared/process/logger.ts';
import { openNatsLog } from '#shared/stream/nats-log.ts';
import { openOtlpReceiver } from '#test/support/otlp-receiver.ts';
import type { ReceivedSpan } from '#test/support/otlp-receiver.ts';
import { until } from '#test/support/until.ts';
import { aPoolOf, startServices } from './all-processes.ts';

/* Spans of all services, sent to a collector while they make one machine. */

/** The spans that one follows from. */
function causesOf(span: ReceivedSpan, all: readonly ReceivedSpan[]): readonly ReceivedSpan[] {
  return span.links.flatMap((link) =>
    all.filter(({ traceId, spanId }) => traceId === link.traceId && spanId === link.spanId),
  );
}

test(
  'an effect is linked over its decision to the fact that led to it',
  { timeout: 150_000 },
  async () => {
    await using receiver = await openOtlpReceiver();
    await using services = await startServices({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const { spans } = receiver;
    expect((await services.cluster.create(aPoolOf('web', 1))).ok).toBe(true);

    const chain = (): readonly ReceivedSpan[] => {
      const effect = spans.find(({ name }) => name === 'effect create-vm');
      const decide = effect && causesOf(effect, spans).find(({ name }) => name === 'decide');
      const fact = decide && causesOf(decide, spans).find(({ name }) => name === 'store fact');
      const outcome = spans.find(
        (span) => span.name === 'store outcome' && effect && causesOf(span, spans).includes(effect),
      );
      const book = spans.find(
        (span) => span.name === 'write book' && decide && causesOf(span, spans).includes(decide),
      );
      return [fact, decide, effect, outcome, book].filter((span) => span !== undefined);
    };
    await until('a whole chain of spans', () => chain().length === 5);
    const told = chain();
    const services5 = ['watcher', 'reconciler', 'executor', 'executor', 'recorder'];
    expect(told.map(({ service }) => service)).toEqual(services5);
    // Across the log there are links and no parents: each is a trace of its own.
    expect(new Set(told.map(({ traceId }) => traceId)).size).toBe(5);
    expect(told.map(({ parentSpanId }) => parentSpanId ?? '').join('')).toBe('');
    for (const { startTimeUnixNano, endTimeUnixNano } of told) {
      const [start, end] = [BigInt(startTimeUnixNano), BigInt(endTimeUnixNano)];
      expect(end).toBeGreaterThanOrEqual(start);
      expect(Math.abs(Number(end / 1_000_000n) - Date.now())).toBeLessThan(120_000);
    }
    await expectNoTraceIn(services.broker, told);
  },
);

/** What is read for a replay is the same as without traces. */
async function expectNoTraceIn(
  broker: Parameters<typeof openNatsLog>[0],
  told: readonly ReceivedSpan[],
): Promise<void> {
  await using stream = await openNatsLog(broker, silentLogger());
  const { last } = await stream.bounds();
  const stop = new AbortController();
  for await (const message of stream.read({ after: 0 }, stop.signal)) {
    const text = JSON.stringify(message.records);
    for (const { traceId, spanId } of told) {
      expect(text).not.toContain(traceId);
      expect(text).not.toContain(spanId);
    }
    if (message.sequence >= last) stop.abort();
  }
}

test('without an endpoint no message bears a trace', { timeout: 150_000 }, async () => {
  await using services = await startServices();
  expect((await services.cluster.create(aPoolOf('web', 1))).ok).toBe(true);
  await until('an outcome', async () => {
    const scrape = await services.scrape('executor');
    return (scrape.sum('rollcall_commands_settled_total', { verb: 'create-vm' }) ?? 0) === 1;
  });
  await using stream = await openNatsLog(services.broker, silentLogger());
  const { last } = await stream.bounds();
  const stop = new AbortController();
  for await (const message of stream.read({ after: 0 }, stop.signal)) {
    expect(message.trace).toBeUndefined();
    if (message.sequence >= last) stop.abort();
  }
});
