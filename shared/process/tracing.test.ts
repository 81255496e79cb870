import type { Span, SpanContext, SpanOptions, Tracer } from '@opentelemetry/api';
import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import { currentTrace, inSpan, isTracing, startTracing } from './tracing.ts';
import type { Tracing } from './tracing.ts';

type Told = { readonly name: string; readonly links: readonly string[]; state: string };

let tracing: Tracing | undefined;
afterEach(() => tracing?.[Symbol.asyncDispose]());

/** Numbers its spans: the first has the span id 1. */
function startToldTracing(): readonly Told[] {
  const told: Told[] = [];
  const startSpan = (name: string, { links = [] }: SpanOptions = {}): Span => {
    const one: Told = { name, links: links.map(({ context }) => context.spanId), state: 'open' };
    told.push(one);
    return spanOf(one, {
      traceId: 'a'.repeat(32),
      spanId: String(told.length).padStart(16, '0'),
      traceFlags: 1,
    });
  };
  const tracer: Tracer = { startSpan, startActiveSpan: () => undefined as never };
  tracing = startTracing({ tracer, [Symbol.asyncDispose]: async () => undefined });
  return told;
}

function spanOf(told: Told, context: SpanContext): Span {
  const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  return Object.assign(Object.create(span) as Span, {
    spanContext: () => context,
    setStatus: () => {
      told.state = 'failed';
      return span;
    },
    end: () => {
      told.state = told.state === 'open' ? 'done' : told.state;
    },
  });
}

test('without tracing work is only done, and nothing is told of it', async () => {
  expect(isTracing()).toBe(false);
  expect(await inSpan({ name: 'decide' }, async () => currentTrace())).toBeUndefined();
});

test('what is begun within a span knows it, and what follows is linked to it', async () => {
  const told = startToldTracing();
  const first = await inSpan({ name: 'decide' }, async () => {
    await Promise.resolve();
    return currentTrace();
  });
  expect(first).toBe(`00-${'a'.repeat(32)}-0000000000000001-01`);
  await inSpan({ name: 'effect', links: [first, undefined, first, 'nonsense'] }, async () => 1);
  expect(told).toEqual([
    { name: 'decide', links: [], state: 'done' },
    { name: 'effect', links: ['0000000000000001'], state: 'done' },
  ]);
  expect(currentTrace()).toBeUndefined();
});

test('a span of work that fails is ended as failed, and the failure goes on', async () => {
  const told = startToldTracing();
  const failing = inSpan({ name: 'effect' }, () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(told).toMatchObject([{ state: 'failed' }]);
});
