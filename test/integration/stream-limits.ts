import { connect } from 'nats';
import type { JetStreamManager } from 'nats';
import { provision } from '#shared/stream/provision.ts';
import { silentLogger } from '#shared/process/logger.ts';
import { streamName } from '#shared/stream/subjects.ts';

/** What an operator may say of the log `test` of a broker, beside what Rollcall asks for. */
export type StreamLimits = {
  /** How many messages there are. */
  readonly messages: () => Promise<number>;
  /** Refuses what is over so many messages; -1 for any number. */
  readonly limit: (messages: number) => Promise<void>;
};

export function limitsOf(url: string): StreamLimits {
  const name = streamName('test');
  return {
    messages: () =>
      asking(url, async (manager) => (await manager.streams.info(name)).state.messages),
    limit: (messages) =>
      asking(url, async (manager) => {
        await manager.streams.update(name, { max_msgs: messages });
      }),
  };
}

async function asking<Value>(
  url: string,
  ask: (manager: JetStreamManager) => Promise<Value>,
): Promise<Value> {
  const connection = await connect({ servers: url });
  try {
    return await ask(await connection.jetstreamManager());
  } finally {
    await connection.close();
  }
}

/** The settings of a service on a private broker, whose stream is there. */
export async function provisioned(nats: { readonly url: string; readonly monitorUrl: string }) {
  const { url, monitorUrl } = nats;
  const settings = { cluster: 'test', url, monitorUrl, allowLazySync: false };
  await provision(settings, silentLogger());
  return settings;
}
