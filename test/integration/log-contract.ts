import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkPosition, positionAt, positionAtStart } from '#shared/stream/lineage.ts';
import type { Stored } from '#shared/stream/log.ts';
import type { Stream } from '#shared/stream/stream.ts';
import { aFact, aLongFact, anOpening, aShard, namesIn, take, takeNames } from './log-records.ts';

/** A broker with an empty, provisioned log, and what a test may do to it. */
export type LogUnderTest = AsyncDisposable & {
  open(): Promise<Stream>;
  /** Lies in the log whatever it is, past all our encoding. */
  put(subject: string, data: Uint8Array): Promise<void>;
  /** Stores the next payload, and lets no answer through. */
  loseNextAnswer(): void;
};

const shard = aShard(3);
const other = aShard(40);

/** What every log must do; holds for NATS as for the log in memory, or simulation proves nothing. */
export function describeLog(name: string, start: () => Promise<LogUnderTest>): void {
  describe(name, () => {
    let broker: LogUnderTest;
    let stream: Stream;

    beforeEach(async () => {
      broker = await start();
      stream = await broker.open();
    });

    afterEach(async () => {
      await stream[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    });

    test('is empty at first', async () => {
      expect(await stream.bounds()).toEqual({ first: 1, last: 0 });
      expect(await stream.last(shard, 'fact')).toBeUndefined();
      expect(await stream.at(1)).toBeUndefined();
      expect(stream.identity.lineage).toMatch(/^[0-9a-f]{8}$/);
    });

    test('keeps the records of a subject in the order of the calls', async () => {
      const names = Array.from({ length: 300 }, (_, number) => `vm-${number}`);
      await Promise.all(names.map((one) => stream.append(shard, 'fact', aFact(one))));
      expect(await takeNames(stream, 300)).toEqual(names);
    });

    test('sends a record at once when idle, and what arrives meanwhile in full frames', async () => {
      const appends = Array.from({ length: 130 }, (_, number) =>
        stream.append(shard, 'fact', aFact(`vm-${number}`)),
      );
      const stored = await Promise.all(appends);
      expect(stored.map(({ sequence }) => sequence)).toEqual([
        1,
        ...Array.from({ length: 64 }, () => 2),
        ...Array.from({ length: 64 }, () => 3),
        4,
      ]);
      expect((await take(stream, 4)).map((message) => message.records.length)).toEqual([
        1, 64, 64, 1,
      ]);
    });

    test('does not fill a frame beyond what a message may hold', async () => {
      await Promise.all(
        Array.from({ length: 5 }, () => stream.append(shard, 'fact', aLongFact(100_000))),
      );
      expect((await take(stream, 3)).map((message) => message.records.length)).toEqual([1, 2, 2]);
    });

    test('refuses a record that no message could carry', async () => {
      await expect(stream.append(shard, 'fact', aLongFact(1_100_000))).rejects.toThrow(
        /larger than a message/,
      );
    });

    test('tells shard, family, time and hash alike when reading and when looking up', async () => {
      await stream.append(shard, 'fact', aFact('vm-0'));
      const [read] = await take(stream, 1);
      expect(read).toMatchObject({ sequence: 1, shard, family: 'fact', poison: [] });
      expect(read?.hash).toMatch(/^[0-9a-f]{64}$/);
      expect(await stream.at(1)).toEqual(read);
      expect(await stream.last(shard, 'fact')).toEqual(read);
      expect(await stream.last(other, 'fact')).toBeUndefined();
    });

    test('reads what comes after a position, of the families asked for, and then waits', async () => {
      await stream.append(shard, 'fact', aFact('before'));
      const { sequence } = await stream.append(shard, 'fact', aFact('at'));
      await stream.append(shard, 'fact', aFact('after'));
      await stream.appendDecision(other, anOpening('reconciler'), 0);
      const reading = take(stream, 3, { after: sequence, families: ['fact', 'decision'] });
      const decisions = take(stream, 1, { after: 0, families: ['decision'] });
      await stream.append(shard, 'intake', aFact('of no interest'));
      await stream.append(other, 'fact', aFact('late'));
      expect(namesIn(await reading)).toEqual(['after', 'reconciler', 'late']);
      expect(namesIn(await decisions)).toEqual(['reconciler']);
    });

    test('ends a reading when it is told to stop', async () => {
      const stop = new AbortController();
      const reading = stream.read({ after: 0 }, stop.signal)[Symbol.asyncIterator]();
      await stream.append(shard, 'fact', aFact('vm-0'));
      expect((await reading.next()).done).toBe(false);
      const end = reading.next();
      stop.abort();
      expect((await end).done).toBe(true);
    });

    test('takes a decision only from the writer that has seen the last one', async () => {
      const first = await stream.appendDecision(shard, anOpening('one'), 0);
      expect(first).toEqual({ stored: true, sequence: 1 });
      expect(await stream.appendDecision(shard, anOpening('two'), 0)).toEqual({
        stored: false,
        last: 1,
      });
      await stream.append(shard, 'fact', aFact('of another family'));
      expect(await stream.appendDecision(shard, anOpening('two'), 1)).toEqual({
        stored: true,
        sequence: 3,
      });
      expect(await stream.appendDecision(other, anOpening('two'), 0)).toMatchObject({
        stored: true,
      });
    });

    test('never lets two writers that race fork the decisions of a shard', async () => {
      await using rival = await broker.open();
      const writers = [
        { log: stream, name: 'one' },
        { log: rival, name: 'two' },
      ];
      const results = await Promise.all(writers.map((writer) => race(writer.log, writer.name)));
      const mine = results.flat().toSorted((left, right) => left - right);
      const stored = await take(stream, 40, { after: 0, families: ['decision'] });
      expect(stored.map(({ sequence }) => sequence)).toEqual(mine);
      expect(new Set(namesIn(stored)).size).toBe(40);
    });

    test('settles by reading whether a decision was stored when no answer came', async () => {
      broker.loseNextAnswer();
      const answer = await stream.appendDecision(shard, anOpening('one'), 0);
      expect(answer).toEqual({ stored: true, sequence: 1 });
      expect(await stream.bounds()).toEqual({ first: 1, last: 1 });
    });

    test('stores a fact at least once, and in order, when no answer came', async () => {
      broker.loseNextAnswer();
      const appends: Promise<Stored>[] = [];
      for (const one of ['a', 'b', 'c']) appends.push(stream.append(shard, 'fact', aFact(one)));
      await Promise.all(appends);
      const { last } = await stream.bounds();
      const names = namesIn(await take(stream, last));
      expect(names.slice(-3)).toEqual(['a', 'b', 'c']);
      expect(new Set(names)).toEqual(new Set(['a', 'b', 'c']));
    });

    test('quarantines a record that does not parse, alone', async () => {
      const good = JSON.stringify(aFact('good'));
      const bad = JSON.stringify({ type: 'vanished', namespace: 'demo', name: 7 });
      await broker.put('rc.03.fact', Buffer.from(`{"v":1,"records":[${bad},${good}]}`));
      const [message] = await take(stream, 1);
      expect(namesIn(message ? [message] : [])).toEqual(['good']);
      expect(message?.poison).toEqual([
        { index: 0, namespace: 'demo', problem: expect.stringContaining('kind') },
      ]);
    });

    test('quarantines a frame that is broken, whole', async () => {
      await broker.put('rc.03.fact', Buffer.from('{"v":2,"records":[]}'));
      await broker.put('rc.03.fact', Buffer.from('{'));
      const messages = await take(stream, 2);
      expect(messages.map(({ records }) => records)).toEqual([[], []]);
      expect(messages.map(({ poison }) => poison.map(({ index }) => index))).toEqual([
        [undefined],
        [undefined],
      ]);
    });

    test('obeys no record in a family that is not its own', async () => {
      const opening = JSON.stringify(anOpening('a watcher that was taken over'));
      await broker.put('rc.03.fact', Buffer.from(`{"v":1,"records":[${opening}]}`));
      const [message] = await take(stream, 1);
      expect(message).toMatchObject({ records: [], poison: [{ index: 0 }] });
    });

    test('knows a position of its own, and none of another log', async () => {
      await stream.append(shard, 'fact', aFact('vm-0'));
      const [message] = await take(stream, 1);
      const position = message ? positionAt(stream, message) : positionAtStart(stream);
      expect(await checkPosition(stream, positionAtStart(stream))).toBe('same');
      expect(await checkPosition(stream, position)).toBe('same');
      expect(await checkPosition(stream, { ...position, hash: 'f00' })).toBe('broken');
      expect(await checkPosition(stream, { ...position, sequence: 2 })).toBe('broken');
      expect(await checkPosition(stream, { ...position, lineage: 'ffffffff' })).toBe('broken');
    });

    test('keeps positions for readers that come back', async () => {
      expect(await stream.positions.load('executor')).toBeUndefined();
      const position = { lineage: '0123abcd', sequence: 7, hash: 'f00' };
      await stream.positions.save('executor', { ...position, sequence: 3 });
      await stream.positions.save('executor', position);
      await using again = await broker.open();
      expect(await again.positions.load('executor')).toEqual(position);
    });

    test('hands a lease on when its holder gives it back', async () => {
      const stop = new AbortController();
      const lease = await stream.leases.hold('watcher', 'one', stop.signal);
      await using rival = await broker.open();
      const events: string[] = [];
      const waiting = rival.leases.hold('watcher', 'two', stop.signal).then(async (next) => {
        events.push('taken over');
        await next[Symbol.asyncDispose]();
      });
      await using elsewhere = await rival.leases.hold('recorder', 'two', stop.signal);
      events.push('given back');
      await lease[Symbol.asyncDispose]();
      await waiting;
      expect(events).toEqual(['given back', 'taken over']);
      expect(elsewhere).toBeDefined();
    });

    test('stops waiting for a lease when told to', async () => {
      const stop = new AbortController();
      await using lease = await stream.leases.hold('watcher', 'one', new AbortController().signal);
      const waiting = stream.leases.hold('watcher', 'two', stop.signal);
      stop.abort();
      await expect(waiting).rejects.toThrow();
      expect(lease).toBeDefined();
    });
  });
}

/** Appends twenty decisions, always onto the last one known. */
async function race(log: Stream, name: string): Promise<readonly number[]> {
  const mine: number[] = [];
  let last = 0;
  for (let number = 0; mine.length < 20; number += 1) {
    const answer = await log.appendDecision(shard, anOpening(`${name}-${number}`), last);
    last = answer.stored ? answer.sequence : answer.last;
    if (answer.stored) mine.push(answer.sequence);
  }
  return mine;
}
