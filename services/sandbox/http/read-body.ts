import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';

import { decodeProtobuf, ProtobufError } from './protobuf.ts';

const mostBytes = 3 * 1024 * 1024;

/** The bytes of a request's body, or `too large` above 3 MB, the limit of a real API server. */
export async function readBytes(request: IncomingMessage): Promise<Buffer | 'too large'> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return 'too large';
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > mostBytes) return 'too large';
    chunks.push(bytes);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

/** What a body turned out to be. `text` is what stood there, for messages that repeat it. */
export type Parsed =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'unreadable'; readonly problem: string; readonly text: string }
  | { readonly kind: 'unsupported' };

/** Reads a body by its content type; JSON where none is given. */
export function parseBody(bytes: Buffer, contentType: string | undefined): Parsed {
  switch (mediaTypeOf(contentType)) {
    case '':
    case 'application/json':
      return parseJson(bytes);
    case 'application/yaml':
      return parseYamlBody(bytes);
    case 'application/vnd.kubernetes.protobuf':
      return parseProtobuf(bytes);
    default:
      return { kind: 'unsupported' };
  }
}

export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

export function parseJson(bytes: Buffer): Parsed {
  const text = bytes.toString('utf8');
  try {
    return { kind: 'value', value: JSON.parse(text) };
  } catch (error) {
    return { kind: 'unreadable', problem: inGo(error, text), text };
  }
}

export function parseYamlBody(bytes: Buffer): Parsed {
  const text = bytes.toString('utf8');
  try {
    return { kind: 'value', value: parseYaml(text) };
  } catch (error) {
    return { kind: 'unreadable', problem: `yaml: ${messageOf(error)}`, text };
  }
}

function parseProtobuf(bytes: Buffer): Parsed {
  try {
    const value = decodeProtobuf(bytes);
    return value === undefined ? { kind: 'unsupported' } : { kind: 'value', value };
  } catch (error) {
    if (error instanceof ProtobufError) {
      return { kind: 'unreadable', problem: error.message, text: '<protobuf>' };
    }
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The parser's complaint in the words of Go's encoding/json, which clients show to people. */
function inGo(error: unknown, text: string): string {
  const message = messageOf(error);
  const at = /at position (\d+)/.exec(message)?.[1];
  const character = at === undefined ? undefined : text[Number(at)];
  if (character === undefined) return 'unexpected end of JSON input';
  const quoted = `invalid character '${character}'`;
  if (message.startsWith('Expected property name')) {
    return `${quoted} looking for beginning of object key string`;
  }
  if (message.startsWith("Expected ','")) return `${quoted} after object key:value pair`;
  if (message.startsWith('Unexpected non-whitespace')) return `${quoted} after top-level value`;
  return `${quoted} looking for beginning of value`;
}
