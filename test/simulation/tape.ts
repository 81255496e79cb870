import type { Message } from '#shared/stream/log.ts';
import type { MemoryBroker } from '#shared/stream/memory-log.ts';

/** The log, each message parsed once for all its readers. */
export interface Tape {
  readonly last: number;
  at(sequence: number): Message | undefined;
  /** Resolves when there is a message of this sequence. */
  arrived(sequence: number): Promise<void>;
}

/** `onMessage` is told each message before any reader. */
export function createTape(broker: MemoryBroker, onMessage: (message: Message) => void): Tape {
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  const follow = async (): Promise<void> => {
    const stream = broker.open();
    for await (const message of stream.read({ after: 0 }, new AbortController().signal)) {
      messages.push(message);
      onMessage(message);
      const woken = [...waiting];
      waiting.clear();
      for (const wake of woken) wake();
    }
  };
  void follow();
  return {
    get last() {
      return messages.length;
    },
    at: (sequence) => messages[sequence - 1],
    async arrived(sequence) {
      while (messages.length < sequence) {
        await new Promise<void>((resolve) => void waiting.add(resolve));
      }
    },
  };
}
