import type { Msg } from 'nats';

/** A message as a consumer delivers it. */
export type Delivery = {
  readonly message: Msg;
  /** Its place in the stream. */
  readonly sequence: number;
  /** Its place in the consumer's own count, from 1 without gaps. */
  readonly place: number;
  /** Milliseconds since 1970 at which the broker stored it. */
  readonly at: number;
  /** Messages that were still to come after this one when the broker sent it. */
  readonly pending: number;
};

/**
 * Reads the reply subject, $JS.ACK.[domain.account.]stream.consumer.delivered.sequence.place.
 * nanoseconds.pending; newer brokers put two more tokens in.
 */
export function readDelivery(message: Msg): Delivery | undefined {
  const tokens = (message.reply ?? '').split('.');
  const [, sequence, place, nanoseconds, pending] = tokens.slice(tokens.length >= 11 ? 6 : 4);
  if (nanoseconds === undefined) return undefined;
  return {
    message,
    sequence: Number(sequence),
    place: Number(place),
    at: Number(nanoseconds.slice(0, -6)),
    pending: Number(pending ?? 0),
  };
}
