import { resourceVersionSchema, shardSchema, uid } from '#shared/contract/ids.ts';
import type { Shard } from '#shared/contract/ids.ts';
import { familyOf } from '#shared/stream/frame.ts';
import type { Decision, LogRecord } from '#shared/contract/records.ts';
import type { Message } from '#shared/stream/log.ts';
import type { Stream } from '#shared/stream/stream.ts';

/** Records that are as small as their schema lets them be. */
export function aFact(name: string): LogRecord {
  return {
    type: 'vanished',
    kind: 'VirtualMachine',
    namespace: 'demo',
    name,
    uid: uid(`uid-of-${name}`),
    resourceVersion: resourceVersionSchema.parse('7'),
  };
}

/** A record of about so many bytes. */
export function aLongFact(bytes: number): LogRecord {
  return { type: 'survey-began', kind: 'VirtualMachine', id: 'x'.repeat(bytes) };
}

export function anOpening(holder: string): Decision {
  return { type: 'opened', lineage: '0123abcd', codeVersion: '1', holder };
}

export function aShard(number: number): Shard {
  return shardSchema.parse(String(number).padStart(2, '0'));
}

/** The names of facts, the holders of openings: enough to tell records apart. */
export function namesIn(messages: readonly Message[]): readonly string[] {
  return messages.flatMap((message) => message.records.map(nameOf));
}

function nameOf(record: LogRecord): string {
  switch (record.type) {
    case 'vanished':
      return record.name;
    case 'opened':
      return record.holder;
    default:
      return familyOf(record);
  }
}

/** Reads until so many messages have come. */
export async function take(
  stream: Stream,
  count: number,
  from: Parameters<Stream['read']>[0] = { after: 0 },
): Promise<readonly Message[]> {
  const stop = new AbortController();
  const messages: Message[] = [];
  for await (const message of stream.read(from, stop.signal)) {
    messages.push(message);
    if (messages.length >= count) break;
  }
  stop.abort();
  return messages;
}

/** Reads until so many records have come, however they are framed. */
export async function takeNames(
  stream: Stream,
  count: number,
  after = 0,
): Promise<readonly string[]> {
  const stop = new AbortController();
  const names: string[] = [];
  for await (const message of stream.read({ after }, stop.signal)) {
    names.push(...namesIn([message]));
    if (names.length >= count) break;
  }
  stop.abort();
  return names;
}
