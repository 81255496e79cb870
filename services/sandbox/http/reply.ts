import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { stringify as stringifyYaml } from 'yaml';

/** What is sent back: an object, a text, or nothing but headers. */
export type Reply = {
  readonly code: number;
  readonly content:
    | { readonly kind: 'object'; readonly value: unknown; readonly format?: 'json' | 'yaml' }
    | { readonly kind: 'text'; readonly text: string; readonly type?: string }
    | { readonly kind: 'nothing' };
  readonly warnings?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
};

const compress = promisify(gzip);
/** A real API server compresses from this size on. */
const compressFromBytes = 128 * 1024;

export function objectReply(value: unknown, code = 200): Reply {
  return { code, content: { kind: 'object', value } };
}

export function textReply(code: number, text: string): Reply {
  return { code, content: { kind: 'text', text } };
}

/** What the mux of a real API server says to a path that nothing is registered for. */
export function pathNotFound(): Reply {
  return textReply(404, '404 page not found\n');
}

export async function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
): Promise<void> {
  const headers: Record<string, string | string[]> = {
    ...standardHeaders(),
    ...reply.headers,
  };
  if (reply.warnings !== undefined && reply.warnings.length > 0) {
    headers['warning'] = reply.warnings.map((warning) => `299 - ${quoted(warning)}`);
  }
  const text = textOf(request, reply, headers);
  if (text === undefined) {
    response.writeHead(reply.code, headers).end();
    return;
  }
  const body = await encoded(request, text, headers);
  headers['content-length'] = String(Buffer.byteLength(body));
  response.writeHead(reply.code, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The headers that every answer of an API server carries, beside its audit-id. */
export function standardHeaders(): Record<string, string> {
  return { 'cache-control': 'no-cache, private' };
}

function textOf(
  request: IncomingMessage,
  { content }: Reply,
  headers: Record<string, string | string[]>,
): string | undefined {
  switch (content.kind) {
    case 'nothing':
      return undefined;
    case 'text':
      headers['content-type'] = content.type ?? 'text/plain; charset=utf-8';
      return content.text;
    case 'object':
      headers['content-type'] ??= `application/${content.format ?? 'json'}`;
      if (content.format === 'yaml') return stringifyYaml(content.value, yamlAsInGo);
      return `${jsonText(content.value, wantsPretty(request) ? 2 : undefined)}\n`;
  }
}

/** Sorted keys, lists that are not indented, and quotes where YAML 1.1 would see a time. */
const yamlAsInGo = {
  sortMapEntries: true,
  indentSeq: false,
  version: '1.1',
  lineWidth: 0,
} as const;

async function encoded(
  request: IncomingMessage,
  text: string,
  headers: Record<string, string | string[]>,
): Promise<string | Buffer> {
  const accepted = request.headers['accept-encoding'] ?? '';
  if (text.length < compressFromBytes || !accepted.includes('gzip')) return text;
  headers['content-encoding'] = 'gzip';
  headers['vary'] ??= 'Accept-Encoding';
  return compress(text, { level: 4 });
}

/**
 * JSON without raw line separators: U+2028 and U+2029 may stand in JSON but end a line for some readers
 * of a watch, so they are escaped as Go does.
 */
export function jsonText(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent) ?? 'null';
  return text.replaceAll(/[\u2028\u2029]/g, (separator) =>
    separator === '\u2028' ? String.raw`\u2028` : String.raw`\u2029`,
  );
}

const peoplesPrograms = ['curl', 'Wget', 'Mozilla/5.0'];

/** By the query, otherwise for programs through which people look. */
function wantsPretty(request: IncomingMessage): boolean {
  const query = request.url?.split('?', 2)[1];
  const asked = query?.includes('pretty') ? new URLSearchParams(query).get('pretty') : null;
  if (asked !== null && asked !== '') return asked !== 'false' && asked !== '0';
  const program = request.headers['user-agent'] ?? '';
  return peoplesPrograms.some((name) => program.startsWith(name));
}

/** A quoted-string of HTTP; a header cannot carry a line break. */
function quoted(text: string): string {
  const plain = text.replaceAll(/[^\t\x20-\x7e]/g, ' ');
  return `"${plain.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
}
