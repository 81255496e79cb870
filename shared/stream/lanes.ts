import { encodeFrame, frameLimits } from './frame.ts';
import type { Trace } from '#shared/process/tracing.ts';
import type { Stored } from './log.ts';

/** What a frame carries, for those who count and trace. */
export type Load = {
  readonly records: number;
  /** Where the records come from, as far as that is traced. */
  readonly traces: readonly (Trace | undefined)[];
};

/** Stores one payload for certain and tells its sequence. */
export type Send = (subject: string, payload: Buffer, load: Load) => Promise<number>;

export interface Lanes {
  /** Stores the text of one record, as encodeRecord wrote it. */
  append(subject: string, text: string, trace?: Trace): Promise<Stored>;
}

type Waiting = {
  readonly text: string;
  readonly trace: Trace | undefined;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: unknown) => void;
};

type Lane = { readonly waiting: Waiting[]; sending: boolean };

/**
 * Most records that wait to be stored. Callers wait for their appends and have bounds of their own, all
 * of them lower: more than this means that one does not.
 */
const mostWaiting = 200_000;

/**
 * One lane for each subject, with at most one frame in flight, which keeps a subject's records in order
 * however often a frame is repeated. What arrives meanwhile travels in the next frame: an idle lane
 * never waits, a busy one packs ever fuller frames.
 */
export function createLanes(send: Send): Lanes {
  const lanes = new Map<string, Lane>();
  let waitingInAll = 0;

  async function drain(subject: string, lane: Lane): Promise<void> {
    lane.sending = true;
    while (lane.waiting.length > 0) {
      const batch = takeFrame(lane);
      waitingInAll -= batch.length;
      try {
        const load = { records: batch.length, traces: tracesOf(batch) };
        const sequence = await send(subject, encodeFrame(batch.map((one) => one.text)), load);
        for (const one of batch) one.resolve({ stored: true, sequence });
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    }
    lane.sending = false;
  }

  return {
    append(subject, text, trace) {
      const lane = lanes.get(subject) ?? { waiting: [], sending: false };
      lanes.set(subject, lane);
      if (waitingInAll >= mostWaiting) {
        return Promise.reject(new RangeError(`${waitingInAll} records wait to be stored`));
      }
      const { promise, resolve, reject } = Promise.withResolvers<Stored>();
      lane.waiting.push({ text, trace, resolve, reject });
      waitingInAll += 1;
      if (!lane.sending) void drain(subject, lane);
      return promise;
    },
  };
}

const noTraces: readonly undefined[] = [];

function tracesOf(batch: readonly Waiting[]): Load['traces'] {
  return batch.some(({ trace }) => trace !== undefined)
    ? batch.map(({ trace }) => trace)
    : noTraces;
}

/** The records for the next frame; always at least one. */
function takeFrame(lane: Lane): readonly Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const { text } of lane.waiting) {
    bytes += Buffer.byteLength(text) + 1;
    if (count > 0 && (count >= frameLimits.records || bytes > frameLimits.bytes)) break;
    count += 1;
  }
  return lane.waiting.splice(0, count);
}
