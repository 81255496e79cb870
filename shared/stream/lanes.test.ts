import { expect, test } from 'vitest';
import { createLanes } from './lanes.ts';

test('keeps one frame of a subject in flight, however many subjects are', async () => {
  const sending: { subject: string; text: string; done: (sequence: number) => void }[] = [];
  const lanes = createLanes(async (subject, payload) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    sending.push({ subject, text: payload.toString(), done: resolve });
    return promise;
  });
  const first = lanes.append('a', '1');
  const second = lanes.append('a', '2');
  const third = lanes.append('a', '3');
  void lanes.append('b', '4');
  expect(sending.map(({ text }) => text)).toEqual([
    '{"v":1,"records":[1]}',
    '{"v":1,"records":[4]}',
  ]);
  sending[0]?.done(7);
  expect(await first).toEqual({ stored: true, sequence: 7 });
  expect(sending[2]).toMatchObject({ subject: 'a', text: '{"v":1,"records":[2,3]}' });
  sending[2]?.done(9);
  expect(await Promise.all([second, third])).toEqual([
    { stored: true, sequence: 9 },
    { stored: true, sequence: 9 },
  ]);
});

test('tells all records of a frame that it failed, and goes on with the next', async () => {
  let calls = 0;
  const lanes = createLanes(async () => {
    calls += 1;
    if (calls === 2) throw new Error('closed');
    return calls;
  });
  const appends = await Promise.allSettled(['1', '2', '3'].map((text) => lanes.append('a', text)));
  expect(appends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(await lanes.append('a', '4')).toEqual({ stored: true, sequence: 3 });
});
