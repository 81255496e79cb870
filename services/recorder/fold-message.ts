import type { Message } from '#shared/stream/log.ts';
import { addChanges, noChanges } from './changes.ts';
import type { Changes } from './changes.ts';
import { foldPoison, foldRecord } from './fold.ts';
import type { BookState } from './state.ts';

/** All records of one message, in their order; what could not be read comes after them. */
export function foldMessage(state: BookState, lineage: string, message: Message): Changes {
  const { sequence, at, shard, family } = message;
  const changes = noChanges();
  const arrival = () => ({ lineage, sequence, at, shard, part: changes.entries.length });
  for (const record of message.records) addChanges(changes, foldRecord(state, arrival(), record));
  for (const poison of message.poison) {
    addChanges(changes, foldPoison(state, arrival(), { poison, family }));
  }
  return changes;
}
