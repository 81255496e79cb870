import { AsyncLocalStorage } from 'node:async_hooks';
import { isSpanContextValid, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Attributes, Link, Span, SpanContext, Tracer } from '@opentelemetry/api';
import type { Environment } from './parse-settings.ts';
import { RefusalError } from './refusal.ts';

/** A place in a trace, as W3C's `traceparent` writes it. It travels beside records and never in them. */
export type Trace = string;

export type SpanOptions = {
  readonly name: string;
  /**
   * What it follows from. Across the log spans are linked and have no parents: one decision follows from
   * many facts, and may come hours after them.
   */
  readonly links?: readonly (Trace | undefined)[];
  readonly attributes?: Attributes;
  /** When it began, by performance.now(); now when absent. */
  readonly since?: number;
};

/** So many of the things that a span follows from are told. */
const mostLinks = 64;

let tracer: Tracer | undefined;
const active = new AsyncLocalStorage<Span>();

/** Whether spans go anywhere; what would only be gathered for them need not be gathered otherwise. */
export function isTracing(): boolean {
  return tracer !== undefined;
}

/** Does something within a span, which ends when the work does. Without tracing it only does it. */
export async function inSpan<T>(options: SpanOptions, work: () => Promise<T>): Promise<T> {
  if (tracer === undefined) return work();
  const span = tracer.startSpan(options.name, {
    kind: SpanKind.INTERNAL,
    root: true,
    links: linksTo(options.links ?? []),
    ...(options.attributes && { attributes: options.attributes }),
    ...(options.since !== undefined && { startTime: options.since }),
  });
  try {
    return await active.run(span, work);
  } catch (error) {
    // Without the error's words: they may hold what no trace may.
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** The span that the caller runs in; undefined outside of any, and without tracing. */
export function currentTrace(): Trace | undefined {
  if (tracer === undefined) return undefined;
  const context = active.getStore()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return undefined;
  const flags = context.traceFlags.toString(16).padStart(2, '0');
  return `00-${context.traceId}-${context.spanId}-${flags}`;
}

/** Adds what has become known to the span that the caller runs in. */
export function noteInSpan(attributes: Attributes): void {
  if (tracer !== undefined) active.getStore()?.setAttributes(attributes);
}

function linksTo(traces: readonly (Trace | undefined)[]): Link[] {
  const links: Link[] = [];
  for (const trace of new Set(traces)) {
    const context = trace === undefined ? undefined : readTrace(trace);
    if (context !== undefined && links.length < mostLinks) links.push({ context });
  }
  return links;
}

function readTrace(trace: Trace): SpanContext | undefined {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(trace) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags ?? '0', 16), isRemote: true };
}

/** Until when spans are told that have ended. */
export type Tracing = AsyncDisposable;

/** Where the spans of a process go. */
export type SpanSink = AsyncDisposable & { readonly tracer: Tracer };

/**
 * Has spans told from now on if the environment names an OTLP endpoint; undefined otherwise, and then
 * nothing of the SDK is loaded.
 */
export async function openTracing(service: string, env: Environment): Promise<Tracing | undefined> {
  const endpoint =
    env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
  if (endpoint === '' || env['OTEL_SDK_DISABLED'] === 'true') return undefined;
  return startTracing(await openSink(service));
}

/** Has spans told to a sink until it is disposed; the process has one at a time. */
export function startTracing(sink: SpanSink): Tracing {
  tracer = sink.tracer;
  return {
    async [Symbol.asyncDispose]() {
      tracer = undefined;
      await sink[Symbol.asyncDispose]();
    },
  };
}

async function openSink(service: string): Promise<SpanSink> {
  try {
    const { openOtlpSink } = await import('./otlp-sink.ts');
    return openOtlpSink(service);
  } catch (error) {
    throw new RefusalError(
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, and the OpenTelemetry SDK cannot be loaded',
      { cause: error },
    );
  }
}
