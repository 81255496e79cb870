import { roomOf, type Situation } from './situation.ts';

/**
 * How many creates the next plan may hold: all there is room for, or, after a refusal, what the slow
 * start allows beside the creates that have no outcome yet.
 */
export function createRoom(situation: Situation): number {
  const { memory, pending, moment } = situation;
  const creates = pending.filter(isCreate);
  const room = roomOf(situation);
  if (memory.slowStart === undefined) {
    // A set at its bound would else get a plan of its own for each create that ends.
    const few = Math.floor(moment.limits.burst / 4);
    return room < few && creates.length > few ? 0 : room;
  }
  const unsettled = creates.filter(({ outcome }) => outcome === undefined).length;
  const { size, done } = memory.slowStart;
  return Math.max(0, Math.min(room, size - done - unsettled));
}

function isCreate({ command }: Situation['pending'][number]): boolean {
  return command.verb === 'create-vm' || command.verb === 'create-vmi';
}
