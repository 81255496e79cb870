import { checkPosition } from '#shared/stream/lineage.ts';
import type { Message } from '#shared/stream/log.ts';
import { allShards } from '#shared/stream/shards.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { unreachable } from '#shared/lib/assert.ts';

/** Name under which the executor keeps its floor. */
export const reader = 'executor';

/** Where an executor begins, and what it finds there. */
export type StartingPoint = {
  readonly after: number;
  /** Newest decision or outcome there is: what stands up to here was there before us. */
  readonly caughtUpAt: number;
  /** Another log than the one we worked on: nothing that stands in it may be executed by us. */
  readonly broken: boolean;
};

export async function startingPoint(stream: Stream): Promise<StartingPoint> {
  const [floor, caughtUpAt] = await Promise.all([stream.positions.load(reader), newest(stream)]);
  if (floor === undefined) return { after: 0, caughtUpAt, broken: false };
  const check = await checkPosition(stream, floor);
  switch (check) {
    case 'same':
    case 'gap':
      return { after: floor.sequence, caughtUpAt, broken: false };
    case 'broken':
      return { after: 0, caughtUpAt, broken: true };
    default:
      return unreachable(check);
  }
}

async function newest(stream: Stream): Promise<number> {
  const asked: Promise<Message | undefined>[] = [];
  for (const shard of allShards) {
    asked.push(stream.last(shard, 'decision'), stream.last(shard, 'outcome'));
  }
  const last = await Promise.all(asked);
  return Math.max(0, ...last.map((message) => message?.sequence ?? 0));
}
