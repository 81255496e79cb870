import { isRecord } from '#shared/lib/canonical.ts';
import type { ApiClient, OpenWatch, Received, Sent } from './transcript-client.ts';
import { createMasks } from './transcript-masks.ts';
import type { CompareOptions, Masks } from './transcript-masks.ts';
import type { RecordedRequest, RecordedResponse, Step } from './transcripts.ts';

/** How the answer of a step is held against the recorded one. */
export type Comparison =
  | {
      readonly kind: 'whole';
      readonly ignore?: readonly RegExp[];
      /** Only so many events of a watch. */
      readonly lines?: number;
    }
  /** Resources, groups and paths that the recorded cluster has and the sandbox has not do not count. */
  | { readonly kind: 'served' }
  /** The document is there, or unchanged. */
  | { readonly kind: 'reachable' }
  /** It is sent, and whatever comes back is right. */
  | { readonly kind: 'asked' };

/** A replay of one transcript, step by step; state of kubectl's HTTP cache is kept along. */
export interface Replay {
  /** Sends a step and says what differs from the recorded answer; a watch is judged by `finish`. */
  step(step: Step, comparison: Comparison): Promise<readonly string[]>;
  /** What differs between a recorded value and one of ours, by what the steps have shown so far. */
  differences(recorded: unknown, actual: unknown, ignore: readonly RegExp[]): readonly string[];
  /** What differs in the watches that are still open, by the step that began each. */
  finish(): Promise<ReadonlyMap<number, readonly string[]>>;
}

type PendingWatch = {
  readonly step: Step;
  readonly watch: OpenWatch;
  readonly options: CompareOptions;
  readonly recorded: readonly unknown[];
};

/** `nextSecond` moves the sandbox's clock: a recorded time that is new is a second later than before. */
export function startReplay(client: ApiClient, nextSecond: () => void = () => {}): Replay {
  const masks = createMasks();
  let newest = 0;
  const cache = new Map<string, string>();
  const watches: PendingWatch[] = [];
  return {
    async step(step, comparison) {
      const { request, response } = step;
      if (request === undefined || response === undefined) return [];
      const sent = sentOf(request, masks, cache);
      const time = newestTime(response);
      if (time > newest) nextSecond();
      newest = Math.max(newest, time);
      const options = comparison.kind === 'whole' ? optionsOf(comparison.ignore) : {};
      if (response.lines !== undefined) {
        const count = comparison.kind === 'whole' ? comparison.lines : undefined;
        const recorded = comparison.kind === 'asked' ? [] : response.lines.slice(0, count);
        watches.push({ step, watch: await client.watch(sent), options, recorded });
        return [];
      }
      const received = await client.send(sent);
      const { etag } = received.headers;
      if (etag !== undefined) cache.set(cacheKey(request), etag);
      return judge({ masks, comparison, options }, response, received);
    },
    differences: (recorded, actual, ignore) => masks.differences(recorded, actual, { ignore }),
    async finish() {
      const found = new Map<number, readonly string[]>();
      for (const { step, watch, options, recorded } of watches.splice(0)) {
        await withTimeout(watch.reached(recorded.length), 10_000);
        watch.close();
        const seen = watch.lines.slice(0, recorded.length);
        found.set(step.index, masks.differences(recorded, seen, options));
      }
      return found;
    },
  };
}

function newestTime(response: RecordedResponse): number {
  const numbers = JSON.stringify(response).matchAll(/<time:(\d+)>/g);
  return Math.max(0, ...[...numbers].map((match) => Number(match[1])));
}

function optionsOf(ignore: readonly RegExp[] | undefined): CompareOptions {
  return ignore === undefined ? {} : { ignore };
}

function cacheKey({ path, headers }: RecordedRequest): string {
  return `${path.split('?', 1)[0] ?? ''} ${headers['accept'] ?? ''}`;
}

/** The request as kubectl would send it to us: with our values, and the ETag that we gave. */
function sentOf(request: RecordedRequest, masks: Masks, cache: ReadonlyMap<string, string>): Sent {
  const { method, headers, body } = request;
  const { 'if-none-match': _, ...others } = headers;
  const etag =
    method === 'GET' && request.path.startsWith('/') ? cache.get(cacheKey(request)) : undefined;
  const conditional = etag === undefined ? {} : { 'if-none-match': etag };
  const path = withToken(
    masks.fill(request.path.replace(/hash=[0-9A-F]+&?/, '').replace(/[?&]$/, '')),
  );
  const text = body === undefined ? undefined : bodyText(masks.fill(body));
  return {
    method,
    path,
    headers: { ...others, ...conditional },
    ...(text === undefined ? {} : { body: text }),
  };
}

/** A continue token stands decoded in the recording; ours counts its version as a number. */
function withToken(path: unknown): string {
  return String(path).replace(/<continue:(\{.*\})>/, (_, text: string) => {
    const token: unknown = JSON.parse(text);
    const fields = isRecord(token) ? token : {};
    return Buffer.from(JSON.stringify({ ...fields, rv: Number(fields['rv']) })).toString(
      'base64url',
    );
  });
}

/** A body that is a text was no JSON, or is a recorded text as it stood. */
function bodyText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

type Judging = {
  readonly masks: Masks;
  readonly comparison: Comparison;
  readonly options: CompareOptions;
};

function judge(
  { masks, comparison, options }: Judging,
  recorded: RecordedResponse,
  received: Received,
): readonly string[] {
  if (comparison.kind === 'asked') return [];
  if (comparison.kind === 'reachable' && received.status < 400) return [];
  if (received.status !== recorded.status) {
    const text = JSON.stringify(received.body)?.slice(0, 600);
    return [`status ${recorded.status} became ${received.status}: ${text}`];
  }
  if (recorded.body === undefined) return [];
  const warnings = masks.differences(recorded.headers['warning'], received.headers['warning']);
  const expected =
    comparison.kind === 'served' ? onlyServed(recorded.body, received.body) : recorded.body;
  const actual =
    comparison.kind === 'served' ? onlyServed(received.body, recorded.body) : received.body;
  return [...warnings, ...masks.differences(expected, actual, options)];
}

/** Of the named entries in lists, at any depth, those that the other side has too. */
function onlyServed(value: unknown, other: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(other)) {
    const names = new Map(other.map((item: unknown) => [entryName(item), item]));
    return value
      .filter((item: unknown) => entryName(item) === undefined || names.has(entryName(item)))
      .map((item: unknown) => onlyServed(item, names.get(entryName(item))))
      .toSorted((left, right) => String(entryName(left)).localeCompare(String(entryName(right))));
  }
  if (!isRecord(value) || !isRecord(other)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '_trimmed')
      .map(([key, inner]) => [key, onlyServed(inner, other[key])]),
  );
}

/** What an entry of a discovery document is called; undefined for plain values, which all count. */
function entryName(item: unknown): string | undefined {
  if (!isRecord(item)) return undefined;
  const metadata = item['metadata'];
  if (isRecord(metadata)) return `group ${String(metadata['name'] ?? '')}`;
  const name = item['name'] ?? item['resource'] ?? item['version'] ?? item['subresource'];
  return name === undefined ? undefined : String(name);
}

async function withTimeout(done: Promise<void>, timeoutMs: number): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, timeoutMs);
  await Promise.race([done, limit.promise]);
  clearTimeout(timer);
}
