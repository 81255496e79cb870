import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Snapshots } from '#shared/stream/snapshots.ts';
import { aShard } from './log-records.ts';

export type SnapshotsUnderTest = AsyncDisposable & {
  readonly snapshots: Snapshots;
  /** Changes the newest body of a shard behind our back. */
  spoil(shard: ReturnType<typeof aShard>): Promise<void>;
};

const shard = aShard(3);
const other = aShard(40);

/** What every place for snapshots must do, the one in memory as the one on NATS. */
export function describeSnapshots(name: string, start: () => Promise<SnapshotsUnderTest>): void {
  describe(name, () => {
    let place: SnapshotsUnderTest;
    let snapshots: Snapshots;

    beforeEach(async () => {
      place = await start();
      ({ snapshots } = place);
    });

    afterEach(async () => {
      await place[Symbol.asyncDispose]();
    });

    test('has nothing at first', async () => {
      expect(await snapshots.find(shard)).toEqual([]);
    });

    test('keeps two generations of each shard, the newest first', async () => {
      for (const sequence of [10, 20, 30]) {
        await snapshots.save(shard, aSnapshot(sequence, `body of ${sequence}`));
      }
      await snapshots.save(other, aSnapshot(5, 'another shard'));
      const heads = await snapshots.find(shard);
      expect(heads.map(({ position }) => position)).toEqual([aPosition(30), aPosition(20)]);
      const bodies = await Promise.all(heads.map((head) => snapshots.read(shard, head)));
      expect(bodies.map(textOf)).toEqual(['body of 30', 'body of 20']);
      expect(heads[0]).toMatchObject({ version: 7, size: 10 });
    });

    test('keeps bodies of any size', async () => {
      for (const size of [0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_000]) {
        const body = Buffer.alloc(size, `${size} `);
        const head = await snapshots.save(shard, { position: aPosition(1), version: 7, body });
        expect(head.size).toBe(size);
        const read = await snapshots.read(shard, head);
        expect(read !== undefined && Buffer.compare(read, body)).toBe(0);
        expect(await snapshots.find(shard)).toContainEqual(head);
      }
    });

    test('lets a snapshot stand for a later position without writing it again', async () => {
      await snapshots.save(shard, aSnapshot(10, 'old'));
      const head = await snapshots.save(shard, aSnapshot(20, 'new'));
      const moved = await snapshots.move(shard, head, aPosition(90));
      const heads = await snapshots.find(shard);
      expect(heads.map(({ position }) => position.sequence)).toEqual([90, 10]);
      expect(heads[0]).toEqual(moved);
      expect(textOf(await snapshots.read(shard, moved))).toBe('new');
      await snapshots.save(shard, aSnapshot(100, 'newer'));
      const after = await snapshots.find(shard);
      expect(after.map(({ position }) => position.sequence)).toEqual([100, 90]);
    });

    test('gives out no body that is not what its head promises', async () => {
      await snapshots.save(shard, aSnapshot(10, 'old'));
      await snapshots.save(shard, aSnapshot(20, 'new'));
      await place.spoil(shard);
      const [newest, older] = await snapshots.find(shard);
      expect(newest && (await snapshots.read(shard, newest))).toBeUndefined();
      expect(textOf(older && (await snapshots.read(shard, older)))).toBe('old');
    });
  });
}

function aPosition(sequence: number) {
  return { lineage: '0123abcd', sequence, hash: 'f'.repeat(64) };
}

function aSnapshot(sequence: number, text: string) {
  return { position: aPosition(sequence), version: 7, body: Buffer.from(text) };
}

function textOf(body: Uint8Array | undefined): string | undefined {
  return body && Buffer.from(body).toString();
}
