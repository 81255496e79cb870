import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isRecord } from '#shared/lib/canonical.ts';

/** A request as it was recorded; values of that run stand in it as masks. */
export type RecordedRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

export type RecordedResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The events of a watch. */
  readonly lines?: readonly unknown[];
};

/** One step of a transcript; a step without a request is one where kubectl sent nothing. */
export type Step = {
  readonly index: number;
  readonly command: string;
  readonly label: string;
  readonly request?: RecordedRequest;
  readonly response?: RecordedResponse;
  /** A call of a webhook: the review that it was sent, and the response in its answer. */
  readonly admission?: { readonly review: unknown; readonly response: unknown };
  /** What watches of several kinds saw since the timeline before, merged by resourceVersion. */
  readonly timeline?: readonly unknown[];
};

/** Reads the transcript whose file name begins with a number, for instance `201`. */
export async function readTranscript(folder: string, number: string): Promise<readonly Step[]> {
  const names = await readdir(folder);
  const name = names.find((file) => file.startsWith(`${number}-`) && file.endsWith('.json'));
  if (name === undefined) throw new Error(`no transcript ${number} in ${folder}`);
  const parsed: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'));
  const steps = isRecord(parsed) ? parsed['steps'] : undefined;
  if (!Array.isArray(steps)) throw new Error(`${name} holds no steps`);
  return steps.map((step: unknown, index) => stepOf(step, index));
}

function stepOf(step: unknown, index: number): Step {
  const record = isRecord(step) ? step : {};
  const { command, label, request, response, admission, timeline } = record;
  return {
    index,
    command: typeof command === 'string' ? command : '',
    label: typeof label === 'string' ? label : '',
    ...(isRecord(request) ? { request: requestOf(request) } : {}),
    ...(isRecord(response) ? { response: responseOf(response) } : {}),
    ...(isRecord(admission) ? { admission: admissionOf(admission) } : {}),
    ...(Array.isArray(timeline) ? { timeline } : {}),
  };
}

function admissionOf({ request, response }: Readonly<Record<string, unknown>>) {
  const answer = isRecord(response) ? response['response'] : undefined;
  return { review: request, response: answer };
}

function requestOf(request: Readonly<Record<string, unknown>>): RecordedRequest {
  const { method, path, headers, body } = request;
  if (typeof method !== 'string' || typeof path !== 'string') throw new Error('no such request');
  return { method, path, headers: textsOf(headers), ...(body === undefined ? {} : { body }) };
}

function responseOf(response: Readonly<Record<string, unknown>>): RecordedResponse {
  const { status, headers, body, lines } = response;
  return {
    status: Number(status),
    headers: textsOf(headers),
    ...(body === undefined ? {} : { body }),
    ...(Array.isArray(lines) ? { lines } : {}),
  };
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const pairs = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(pairs.map(([name, text]) => [name, String(text)]));
}

/** `'0-3, 7'` as the numbers it means. */
export function stepNumbers(text: string): readonly number[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
    });
}
