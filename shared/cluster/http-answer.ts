import type { Answer, Failure } from './cluster.ts';
import { failureOf } from './failure.ts';

export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Absent when it was too long to be read. */
  readonly text: string | undefined;
  readonly doing: string;
};

/** The value of a success, or what went wrong. */
export function answerOf(answer: HttpAnswer): Answer<unknown> {
  if (answer.status < 200 || answer.status > 299) return { ok: false, failure: refusalOf(answer) };
  const body = answer.text === undefined ? undefined : parseJson(answer.text);
  if (body !== undefined) return { ok: true, value: body };
  // Done on the server, but nobody can tell what: that is what unclear means.
  const reason = answer.text === undefined ? 'AnswerTooLong' : 'MalformedAnswer';
  return {
    ok: false,
    failure: { kind: 'unclear', code: answer.status, reason, doing: answer.doing },
  };
}

/** The failure that an answer outside 2xx stands for. */
export function refusalOf({ status, headers, text, doing }: HttpAnswer): Failure {
  const retryAfterMs = retryAfterMsOf(headers['retry-after']);
  return failureOf({
    status,
    body: text === undefined ? undefined : parseJson(text),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    doing,
  });
}

/** Reads a body to its end; undefined when it is longer than `mostBytes`, of which no more is kept. */
export async function readText(
  body: AsyncIterable<Uint8Array>,
  mostBytes: number,
): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > mostBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts, bytes).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text. Plain-text answers such as `404 page not found` come here.
    return undefined;
  }
}

/** Only seconds: the API server never sends a date. */
function retryAfterMsOf(header: string | readonly string[] | undefined): number | undefined {
  const text = typeof header === 'string' ? header : header?.[0];
  if (text === undefined || !/^\d{1,6}$/.test(text)) return undefined;
  return Number(text) * 1000;
}
