import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanSink } from './tracing.ts';

/** A stop must not hang on a collector that is away. */
const lastWordsMs = 2_000;

/**
 * Sends spans over OTLP/HTTP in batches; what the collector does not take in time is dropped. Address,
 * headers and certificates are the exporter's own variables, OTEL_EXPORTER_OTLP_*.
 */
export function openOtlpSink(service: string): SpanSink {
  const exporter = new OTLPTraceExporter();
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ 'service.name': service, 'service.namespace': 'rollcall' }),
    ),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: 8_192,
        scheduledDelayMillis: 1_000,
        exportTimeoutMillis: 10_000,
      }),
    ],
  });
  return {
    tracer: provider.getTracer('rollcall'),
    async [Symbol.asyncDispose]() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, lastWordsMs)));
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}
