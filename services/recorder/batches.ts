import { isDestructive } from '#shared/contract/commands.ts';
import type { Message } from '#shared/stream/log.ts';

/**
 * Groups messages: whatever has come while the last group was written, up to `most` records, and never
 * waits for more. A decision that endangers disks ends its group, for destruction waits for it.
 */
export async function* batchesOf(
  messages: AsyncIterable<Message>,
  most: number,
): AsyncGenerator<readonly Message[]> {
  const iterator = messages[Symbol.asyncIterator]();
  let next = iterator.next();
  for (;;) {
    const first = await next;
    if (first.done === true) return;
    const batch = [first.value];
    let records = first.value.records.length;
    next = iterator.next();
    // Whoever leaves early never looks at it again; its failure is then nobody's.
    next.catch(() => undefined);
    while (records < most && !isUrgent(batch.at(-1))) {
      const more = await Promise.race([next, idle()]);
      if (more === 'idle' || more.done === true) break;
      batch.push(more.value);
      records += more.value.records.length;
      next = iterator.next();
      next.catch(() => undefined);
    }
    yield batch;
  }
}

/** After everything that has already arrived. */
function idle(): Promise<'idle'> {
  return new Promise((resolve) => setImmediate(() => resolve('idle')));
}

function isUrgent(message: Message | undefined): boolean {
  return (
    message?.records.some(
      (record) => record.type === 'decided' && record.commands.some(isDestructive),
    ) === true
  );
}
