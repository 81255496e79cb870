import { families } from '#shared/contract/ids.ts';
import type { Family } from '#shared/contract/ids.ts';

/** What has passed of one family since the process began. */
export type Flow = { records: number; messages: number; bytes: number };

/** Where a reader stands. */
export type Reading = {
  readonly sequence: number;
  /** Log time, milliseconds since 1970. */
  readonly at: number;
  /** Messages that were still to come for it when the broker sent this one. */
  readonly pending: number;
  /** It reads some families only, so that sequences do not tell how far behind it is. */
  readonly isPartial: boolean;
};

/** Counts what passes over one connection to the log, in plain numbers: it stands in the hot path. */
export class Traffic {
  readonly stored: Readonly<Record<Family, Flow>> = emptyFlows();
  readonly read: Readonly<Record<Family, Flow>> = emptyFlows();
  /** Records that could not be read. */
  unreadable = 0;
  /** Publishes that the broker did not acknowledge, each of which was repeated or given up. */
  refused = 0;
  /** How long publishes took until they were acknowledged, repeats included, in all. */
  storingMs = 0;
  #reading: Reading | undefined;

  /** The newest message that was handed to a reader; undefined where nobody has read yet. */
  get reading(): Reading | undefined {
    return this.#reading;
  }

  reached(reading: Reading): void {
    this.#reading = reading;
  }
}

function emptyFlows(): Record<Family, Flow> {
  const none = (): Flow => ({ records: 0, messages: 0, bytes: 0 });
  return { fact: none(), intake: none(), decision: none(), outcome: none() };
}

/** One number of each family. */
export function byFamily(
  flows: Readonly<Record<Family, Flow>> | undefined,
  of: keyof Flow,
): readonly (readonly [Family, number])[] {
  return families.map((family) => [family, flows?.[family][of] ?? 0]);
}
