import { createServer } from 'node:http';
import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { unclear } from './failure.ts';
import { promptWrites } from './prompt-writes.ts';

/** A server that counts what arrives, and a way to it on which time jumps while a call waits its turn. */
async function rig(jumpMs: number) {
  const heard: string[] = [];
  const server = createServer(({ method = '' }, response) => {
    heard.push(method);
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let nowMs = 0;
  const agent = new Agent();
  const dispatcher = agent.compose((dispatch) =>
    promptWrites(
      (options, handler) => {
        nowMs += jumpMs;
        return dispatch(options, handler);
      },
      () => nowMs,
    ),
  );
  onTestFinished(async () => {
    await agent.close();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const call = async (method: 'GET' | 'POST') => {
    const { body } = await request(`http://127.0.0.1:${port}/`, { dispatcher, method });
    return body.json();
  };
  return { heard, call };
}

test('a write that could not be sent for longer than a lease is not sent at all', async () => {
  const { heard, call } = await rig(6_000);
  const error: unknown = await call('POST').catch((problem: unknown) => problem);
  expect(unclear('creating', error)).toMatchObject({ kind: 'unclear', reason: 'LateWrite' });
  expect(heard).toEqual([]);
});

test('a write that waited a little is sent, and so is a read that waited long', async () => {
  const [little, long] = [await rig(1_000), await rig(6_000)];
  expect(await little.call('POST')).toEqual({});
  expect(await long.call('GET')).toEqual({});
  expect([little.heard, long.heard]).toEqual([['POST'], ['GET']]);
});
