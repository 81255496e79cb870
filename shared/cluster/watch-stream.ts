import { isRecord } from '#shared/lib/canonical.ts';
import type { Failure, WatchItem } from './cluster.ts';
import type { Connection, StreamCall } from './connection.ts';
import { failureOf, unclear } from './failure.ts';
import { LongLineError, splitLines } from './lines.ts';
import { isRawObject } from './raw-object.ts';

/** etcd holds objects up to 1.5 MB; ten times that is no object. */
const mostLineBytes = 16 * 1024 * 1024;

/**
 * The items of one watch. Returns when the server ends it cleanly or the signal aborts; every other end
 * is told as the last item. A connection that breaks off within a line is unclear and may be resumed; a
 * whole line that cannot be read is not, for it would come again.
 */
export async function* watchStream(
  connection: Connection,
  call: StreamCall,
): AsyncGenerator<WatchItem> {
  const opened = await connection.stream(call);
  if (call.signal.aborted) return;
  if (!opened.ok) {
    yield { type: 'FAILED', failure: opened.failure };
    return;
  }
  try {
    for await (const line of splitLines(opened.value, mostLineBytes)) {
      if (line.text === '' && line.ended) continue;
      const item = line.ended ? itemOf(line.text, call.doing) : failed(brokenOff(call.doing));
      yield item;
      if (item.type === 'FAILED') return;
    }
  } catch (error) {
    if (!call.signal.aborted) yield failed(failureFrom(error, call.doing));
  }
}

function itemOf(text: string, doing: string): WatchItem {
  const event = parseLine(text);
  if (!isRecord(event)) return failed(malformed(doing));
  const { type, object } = event;
  if (type === 'ERROR') {
    const code = isRecord(object) && typeof object['code'] === 'number' ? object['code'] : 500;
    return failed(failureOf({ status: code, body: object, doing }));
  }
  if (!isRawObject(object)) return failed(malformed(doing));
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return { type, object };
    default:
      return failed(malformed(doing));
  }
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the line, which may hold anything.
    return undefined;
  }
}

function failureFrom(error: unknown, doing: string): Failure {
  if (!(error instanceof LongLineError)) return unclear(doing, error);
  return { kind: 'too-large', code: 200, reason: 'LongLine', doing };
}

function malformed(doing: string): Failure {
  return { kind: 'rejected', code: 200, reason: 'MalformedLine', doing };
}

function brokenOff(doing: string): Failure {
  return { kind: 'unclear', code: 200, reason: 'BrokenOff', doing };
}

function failed(failure: Failure): WatchItem {
  return { type: 'FAILED', failure };
}
