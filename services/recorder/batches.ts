import { isDestructive } from '#shared/contract/commands.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Message } from '#shared/stream/log.ts';

/** How long is rested for so much writing, and at most. */
const restForWriting = 2;
const mostRestMs = 50;

type Time = Pick<Clock, 'monotonicMs' | 'sleep'>;

/**
 * Groups messages: whatever has come while the last group was written and in a rest after it, up to `most`
 * records. A transaction of one record costs about as much as one of fifty, so under load few large ones
 * leave the database room; after quiet nothing rests. A decision that endangers disks ends its group and
 * the rest, for destruction waits for it.
 */
export async function* batchesOf(
  messages: AsyncIterable<Message>,
  most: number,
  clock: Time,
): AsyncGenerator<readonly Message[], void> {
  const arriving = new Arriving(messages[Symbol.asyncIterator]());
  let restsUntil = 0;
  for (;;) {
    const first = await arriving.take();
    if (first === undefined) return;
    const group = new Group(first);
    const restMs = restsUntil - clock.monotonicMs();
    if (restMs > 0) {
      const rested = clock.sleep(restMs);
      await fill(group, arriving, { most, lull: () => rested });
    }
    await fill(group, arriving, { most, lull: idle });
    const began = clock.monotonicMs();
    yield group.messages;
    const ended = clock.monotonicMs();
    restsUntil = ended + Math.min(mostRestMs, (ended - began) * restForWriting);
  }
}

type Limit = { readonly most: number; readonly lull: () => Promise<void> };

/** Takes what comes before the next lull. */
async function fill(group: Group, arriving: Arriving, { most, lull }: Limit): Promise<void> {
  while (group.records < most && !group.isUrgent && (await arriving.comesBefore(lull()))) {
    const message = await arriving.take();
    if (message !== undefined) group.add(message);
  }
}

class Group {
  readonly messages: Message[] = [];
  records = 0;
  isUrgent = false;

  constructor(first: Message) {
    this.add(first);
  }

  add(message: Message): void {
    this.messages.push(message);
    this.records += message.records.length;
    this.isUrgent ||= isUrgent(message);
  }
}

/** Messages, of which the next is always asked for already. */
class Arriving {
  readonly #iterator: AsyncIterator<Message>;
  #next: Promise<IteratorResult<Message>>;

  constructor(iterator: AsyncIterator<Message>) {
    this.#iterator = iterator;
    this.#next = this.#ask();
  }

  /** Undefined at the end. */
  async take(): Promise<Message | undefined> {
    const next = await this.#next;
    if (next.done === true) return undefined;
    this.#next = this.#ask();
    return next.value;
  }

  async comesBefore(lull: Promise<void>): Promise<boolean> {
    const first = await Promise.race([this.#next, lull]);
    return first !== undefined && first.done !== true;
  }

  #ask(): Promise<IteratorResult<Message>> {
    const next = this.#iterator.next();
    // Whoever leaves early never looks at it again; its failure is then nobody's.
    next.catch(() => undefined);
    return next;
  }
}

/** After everything that has already arrived. */
function idle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isUrgent({ records }: Message): boolean {
  return records.some((record) => record.type === 'decided' && record.commands.some(isDestructive));
}
