import { roomOf, type Situation } from './situation.ts';

/**
 * How many creates the next plan may hold: all there is room for, or, after a refusal, what the slow
 * start allows beside the creates that have no outcome yet.
 */
export function createRoom(situation: Situation): number {
  const { memory, pending } = situation;
  const room = roomOf(situation);
  if (memory.slowStart === undefined) return room;
  const unsettled = pending.filter(
    ({ command, outcome }) =>
      (command.verb === 'create-vm' || command.verb === 'create-vmi') && outcome === undefined,
  ).length;
  const { size, done } = memory.slowStart;
  return Math.max(0, Math.min(room, size - done - unsettled));
}
