import type { Message } from '#shared/stream/log.ts';
import type { MemoryBroker } from '#shared/stream/memory-log.ts';

/** The log, each message parsed once for all its readers. */
export interface Tape {
  readonly last: number;
  /** Rises when the log becomes another one. */
  readonly turn: number;
  at(sequence: number): Message | undefined;
  /** All there are, in their order. */
  readonly messages: readonly Message[];
  /** Resolves when there is a message of this sequence; never once the log is another one. */
  arrived(sequence: number): Promise<void>;
  /** The broker's log has become another one, of which so many messages are left. */
  begin(left: number): void;
  /** Follows the broker no longer. */
  end(): void;
}

/** `onMessage` is told each message before any reader. */
export function createTape(broker: MemoryBroker, onMessage: (message: Message) => void): Tape {
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  let following = new AbortController();
  const follow = async ({ signal }: AbortController): Promise<void> => {
    const stream = broker.open();
    for await (const message of stream.read({ after: messages.length }, signal)) {
      messages.push(message);
      onMessage(message);
      const woken = [...waiting];
      waiting.clear();
      for (const wake of woken) wake();
    }
  };
  void follow(following);
  return {
    messages,
    get last() {
      return messages.length;
    },
    get turn() {
      return broker.turn;
    },
    at: (sequence) => messages[sequence - 1],
    async arrived(sequence) {
      const { turn } = broker;
      while (messages.length < sequence || broker.turn !== turn) {
        await new Promise<void>((resolve) => void waiting.add(resolve));
      }
    },
    begin(left) {
      following.abort();
      following = new AbortController();
      messages.length = Math.min(left, messages.length);
      void follow(following);
    },
    end: () => following.abort(),
  };
}
