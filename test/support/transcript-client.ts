import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';

/** A request as it goes over the wire; the body is already text. */
export type Sent = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type Received = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where it is JSON. */
  readonly body: unknown;
};

/** An open watch: its events as they came so far. */
export type OpenWatch = {
  readonly status: number;
  readonly lines: readonly unknown[];
  /** Resolves when so many events are there, or none will follow. */
  readonly reached: (count: number) => Promise<void>;
  readonly close: () => void;
};

export type ApiAccess = {
  readonly port: number;
  readonly authority: string;
  readonly token: string;
};

/** Speaks HTTP to an API server as kubectl does, with nothing between. */
export interface ApiClient extends Disposable {
  send(request: Sent): Promise<Received>;
  watch(request: Sent): Promise<OpenWatch>;
}

export function apiClient({ port, authority, token }: ApiAccess): ApiClient {
  const agent = new Agent({ keepAlive: true, ca: authority });
  const begin = ({ method, path, headers, body }: Sent): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, method, path, agent };
      const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      const sent = httpsRequest(
        { ...options, headers: { ...headers, ...authorization, ...length } },
        resolve,
      );
      sent.on('error', reject);
      sent.end(body);
    });
  return {
    async send(request) {
      const response = await begin(request);
      const packed = response.headers['content-encoding'] === 'gzip';
      const text = await readText(packed ? response.pipe(createGunzip()) : response);
      return { status: response.statusCode ?? 0, headers: headersOf(response), body: parsed(text) };
    },
    async watch(request) {
      return openWatch(await begin(request));
    },
    [Symbol.dispose]() {
      agent.destroy();
    },
  };
}

function headersOf(response: IncomingMessage): Readonly<Record<string, string>> {
  const pairs = Object.entries(response.headers);
  return Object.fromEntries(
    pairs.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // Plain text, such as the body of /healthz.
  }
}

function openWatch(response: IncomingMessage): OpenWatch {
  const lines: unknown[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  let rest = '';
  const wake = (): void => waiting.forEach((look) => look());
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const pieces = `${rest}${chunk}`.split('\n');
    rest = pieces.pop() ?? '';
    lines.push(...pieces.map((piece): unknown => JSON.parse(piece)));
    wake();
  });
  response.on('error', () => {}); // A watch that is closed from this side ends with an error.
  response.on('close', () => {
    ended = true;
    wake();
  });
  return {
    status: response.statusCode ?? 0,
    lines,
    reached: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (lines.length < count && !ended) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: () => response.destroy(),
  };
}
