import { isRecord } from '#shared/lib/canonical.ts';
import type { KubeObject, ListOptions } from '../store/types.ts';
import type { Exchange } from './exchange.ts';
import { acceptedWatchTypes } from './media-types.ts';
import { pickShape, plainReply, refusal } from './objects.ts';
import type { AskedWatch } from './objects.ts';
import { readListOptions } from './query.ts';
import type { Reply } from './reply.ts';
import { includeOf } from './shape-answer.ts';
import { failure } from './status.ts';
import type { Shown } from './tables.ts';
import { startWatch } from './watch.ts';
import type { WatchParts, WatchRequest, WatchStart } from './watch.ts';
import { readWatchOptions } from './watch-options.ts';
import type { WatchBegin } from './watch-options.ts';

/** Makes a question to an object out of a label and a field selector, or refuses a bad one. */
export type Select = (
  shown: Shown,
  options: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>,
) =>
  | { readonly kind: 'read'; readonly value: (object: KubeObject) => boolean }
  | { readonly kind: 'refused'; readonly status: { readonly code: number } };

export type WatchesParts = WatchParts & {
  readonly durable: (resourceVersion: number) => Promise<void>;
  readonly select: Select;
};

/** All open watches of a server. */
export interface Watches {
  /** Begins a watch on the exchange's response; a Reply is a refusal. */
  answer(exchange: Exchange, asked: AskedWatch): Promise<Reply | undefined>;
  close(): void;
}

export function openWatches(parts: WatchesParts): Watches {
  const open = new Set<() => void>();
  return {
    async answer(exchange, asked) {
      const request = await readWatch(parts, exchange, asked);
      if ('code' in request) return request;
      const { close } = startWatch(parts, request, exchange.response);
      open.add(close);
      exchange.response.on('close', () => open.delete(close));
      return undefined;
    },
    close() {
      open.forEach((close) => close());
    },
  };
}

async function readWatch(
  parts: WatchesParts,
  exchange: Exchange,
  asked: AskedWatch,
): Promise<WatchRequest | Reply> {
  const { query } = exchange;
  const shape = pickShape(exchange);
  if (shape === undefined || (shape.kind === 'plain' && shape.format === 'yaml')) {
    return refusal(failure(406, acceptedWatchTypes));
  }
  const options = readWatchOptions(query, Math.random());
  if (options.kind === 'refused') return refusal(options.status);
  const list = readListOptions(query);
  if (list.kind === 'refused') return refusal(list.status);
  const include = includeOf(query);
  if (include.kind === 'refused') return refusal(include.status);
  const matches = parts.select(asked.shown, list.value);
  if (matches.kind === 'refused') return refusal(matches.status);
  const { begin, bookmarks, timeoutMs } = options.value;
  const start = await startOf(parts, begin, { exchange, asked, list: list.value });
  if ('code' in start) return start;
  const common = { ...asked, shape, include: include.value, matches: matches.value };
  return { ...common, bookmarks, timeoutMs, start };
}

type Existing = {
  readonly exchange: Exchange;
  readonly asked: AskedWatch;
  readonly list: ListOptions;
};

async function startOf(
  { store, durable }: WatchesParts,
  begin: WatchBegin,
  { exchange, asked, list }: Existing,
): Promise<WatchStart | Reply> {
  switch (begin.kind) {
    case 'after':
      return begin;
    case 'now':
      return { kind: 'after', resourceVersion: store.resourceVersion };
    case 'existing': {
      const { group, plural } = asked.shown.definition;
      const { labelSelector, fieldSelector } = list;
      const answer = store.handle({
        verb: 'list',
        resource: { group, plural, version: asked.shown.version.name },
        namespace: asked.namespace,
        caller: exchange.caller,
        options: {
          ...(labelSelector === undefined ? {} : { labelSelector }),
          ...(fieldSelector === undefined ? {} : { fieldSelector }),
        },
      });
      if (answer.code !== 200) return plainReply(answer);
      const { resourceVersion } = store;
      // A crash must not take back what the watch begins with.
      await durable(resourceVersion);
      const objects = itemsOf(answer.body);
      return { kind: 'existing', resourceVersion, objects, endMarked: begin.endMarked };
    }
  }
}

/** Lists leave out what kind each item is where the kind is built in; a watch says it every time. */
function itemsOf(list: unknown): readonly unknown[] {
  const items = isRecord(list) ? list['items'] : undefined;
  return Array.isArray(items) ? items : [];
}
