import type { ServerResponse } from 'node:http';

import type { Change, Clock, KubeObject, Store } from '../store/types.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { Shape } from './media-types.ts';
import { jsonText, standardHeaders } from './reply.ts';
import { failure } from './status.ts';
import { partialOf, tableBookmark, tableOf } from './tables.ts';
import type { IncludeObject, Shown } from './tables.ts';

export type WatchParts = {
  readonly store: Store;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  readonly limits: WatchLimits;
};

export type WatchLimits = {
  readonly bookmarkEveryMs: number;
  /** How much may wait for a client that does not read; more ends its watch. */
  readonly mostBufferedBytes: number;
};

export type WatchRequest = {
  readonly shown: Shown;
  /** '' for all namespaces. */
  readonly namespace: string;
  readonly matches: (object: KubeObject) => boolean;
  readonly shape: Shape;
  readonly include: IncludeObject;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
  readonly start: WatchStart;
};

/** Where a watch begins: after a version, or with the objects that exist. */
export type WatchStart =
  | { readonly kind: 'after'; readonly resourceVersion: number }
  | {
      readonly kind: 'existing';
      readonly resourceVersion: number;
      readonly objects: readonly unknown[];
      /** The client wants to be told, by a bookmark, where the existing objects end. */
      readonly endMarked: boolean;
    };

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/**
 * Sends a watch until its time is over, the client leaves or reads too slowly, or `close` is called.
 * A version that the store no longer knows is answered as a real server does: 200, and an ERROR event.
 */
export function startWatch(
  parts: WatchParts,
  request: WatchRequest,
  response: ServerResponse,
): { readonly close: () => void } {
  const { store, feed, clock, limits } = parts;
  const write = eventWriter(parts, request, response);
  const from = request.start.resourceVersion;
  const past =
    request.start.kind === 'after' && from > feed.position ? [] : store.changesSince(from);
  response.writeHead(200, { 'content-type': 'application/json', ...standardHeaders() });
  response.flushHeaders();
  if (past === 'gone') {
    const text = `too old resource version: ${from} (${store.oldestVersion})`;
    write.raw('ERROR', failure(410, text));
    write.end();
    return { close: () => {} };
  }

  const cancels: (() => void)[] = [];
  const close = (): void => {
    cancels.splice(0).forEach((cancel) => cancel());
    if (!response.writableEnded) write.end();
  };
  const pass = (change: Change): void => {
    if (change.resourceVersion <= from) return;
    write.change(change);
    if (response.writableLength > limits.mostBufferedBytes) {
      cancels.splice(0).forEach((cancel) => cancel());
      response.destroy();
    }
  };
  const bookmark = (): void => {
    if (request.bookmarks && feed.position >= from) write.bookmark(feed.position, {});
  };
  const bookmarkRegularly = (): void => {
    const cancel = clock.after(limits.bookmarkEveryMs, () => {
      cancels.splice(cancels.indexOf(cancel), 1);
      bookmark();
      bookmarkRegularly();
    });
    cancels.push(cancel);
  };

  if (request.start.kind === 'existing') {
    request.start.objects.forEach((object) => write.object('ADDED', object));
    if (request.start.endMarked) write.bookmark(from, { 'k8s.io/initial-events-end': 'true' });
  }
  // What is committed but not yet durable comes through the feed.
  past.filter((change) => change.resourceVersion <= feed.position).forEach(pass);
  cancels.push(feed.follow(pass));
  cancels.push(
    clock.after(request.timeoutMs, () => {
      bookmark();
      close();
    }),
  );
  if (request.bookmarks) bookmarkRegularly();
  response.on('close', close);
  return { close };
}

type EventWriter = {
  readonly end: () => void;
  readonly raw: (type: EventType, object: unknown) => void;
  readonly object: (type: EventType, object: unknown) => void;
  readonly change: (change: Change) => void;
  readonly bookmark: (version: number, annotations: Readonly<Record<string, string>>) => void;
};

function eventWriter(
  { store, clock }: WatchParts,
  request: WatchRequest,
  response: ServerResponse,
): EventWriter {
  const { shown, shape, namespace, matches } = request;
  const version = shown.version.name;
  let declared = true;
  const tableOptions = () => {
    const options = { include: request.include, nowMs: clock.now(), declared };
    declared = false;
    return options;
  };
  let corked = false;
  const flush = (): void => {
    if (!corked) return;
    corked = false;
    response.uncork();
  };
  const send = (type: EventType, text: string): void => {
    // What is told in one turn travels in one TLS record, which is most of a watch's cost.
    if (!corked) {
      corked = true;
      response.cork();
      queueMicrotask(flush);
    }
    response.write(`{"type":"${type}","object":${text}}\n`);
  };
  const textOf = (object: unknown): string => {
    switch (shape.kind) {
      case 'table':
        return jsonText(tableOf(shown, object, tableOptions()));
      case 'partial':
        return jsonText(partialOf(object));
      case 'plain':
      case 'aggregated-discovery':
        return jsonText(object);
    }
  };
  return {
    // Node sends what is corked after the end of the body, so nothing may be corked then.
    end: () => {
      flush();
      response.end();
    },
    raw: (type, object) => send(type, jsonText(object)),
    object: (type, object) => send(type, textOf(object)),
    change: (change) => {
      if (!isOf(change, shown)) return;
      if (namespace !== '' && change.object.metadata.namespace !== namespace) return;
      const type = seenAs(change, matches);
      if (type === undefined) return;
      const object = type === change.type ? change.object : asLeft(change, type);
      if (shape.kind === 'plain' && object === change.object) {
        send(type, sharedText(change, version, store));
      } else {
        send(type, textOf(store.inVersion(object, version)));
      }
    },
    bookmark: (resourceVersion, annotations) => {
      const named = Object.keys(annotations).length === 0 ? {} : { annotations };
      const metadata = { ...named, resourceVersion: String(resourceVersion) };
      if (shape.kind === 'table') {
        return send('BOOKMARK', jsonText(tableBookmark(shown, metadata, tableOptions())));
      }
      const { group, kind } = shown.definition;
      const apiVersion = group === '' ? version : `${group}/${version}`;
      send('BOOKMARK', textOf({ apiVersion, kind, metadata }));
    },
  };
}

function isOf({ definition }: Change, { definition: wanted }: Shown): boolean {
  return definition.plural === wanted.plural && definition.group === wanted.group;
}

/**
 * How a change looks through a selector: an object that starts to match appears, and one that stops is
 * deleted for this watch. Undefined where the watch never sees it.
 */
function seenAs(
  change: Change,
  matches: (object: KubeObject) => boolean,
): Change['type'] | undefined {
  const before = change.previous !== undefined && matches(change.previous);
  const after = change.type !== 'DELETED' && matches(change.object);
  if (before && after) return 'MODIFIED';
  if (after) return 'ADDED';
  if (before) return 'DELETED';
  return change.type === 'DELETED' && change.previous === undefined && matches(change.object)
    ? 'DELETED'
    : undefined;
}

/** Who stops matching is told as it was, with the version of the change that took it away. */
function asLeft(change: Change, type: Change['type']): KubeObject {
  if (type !== 'DELETED' || change.previous === undefined) return change.object;
  const { resourceVersion } = change.object.metadata;
  return { ...change.previous, metadata: { ...change.previous.metadata, resourceVersion } };
}

const texts = new WeakMap<Change, Map<string, string>>();

/** The text of a change's object is made once for all watches of a version. */
function sharedText(change: Change, version: string, store: Store): string {
  const known = texts.get(change) ?? new Map<string, string>();
  texts.set(change, known);
  const text = known.get(version) ?? jsonText(store.inVersion(change.object, version));
  known.set(version, text);
  return text;
}
