import { newEnough } from './nats-binary.mjs';
import { answerOf } from './nats-server.mjs';
import { Refusal } from './say.mjs';

/**
 * A NATS server that someone else runs. What it confirms must be on the disk, which only its monitoring
 * address can attest; `ROLLCALL_ALLOW_LAZY_SYNC=1` says that losing the last seconds of the log in a
 * power cut is accepted.
 */
export async function givenNats(env) {
  const { NATS_URL: url, NATS_MONITOR_URL: monitorUrl } = env;
  const lazyAllowed = env.ROLLCALL_ALLOW_LAZY_SYNC === '1';
  if (!monitorUrl) {
    if (lazyAllowed) return { url, monitorUrl: '' };
    throw new Refusal(
      'NATS_URL is set, but NATS_MONITOR_URL is not: the server at NATS_URL must show that it syncs ' +
        'every message to disk (or set ROLLCALL_ALLOW_LAZY_SYNC=1 to accept losses in a power cut).',
    );
  }
  const varz = await answerOf(new URL('/varz', monitorUrl));
  if (varz === undefined) {
    throw new Refusal(`The NATS server does not answer at ${monitorUrl}/varz (NATS_MONITOR_URL).`);
  }
  if (!newEnough(varz.version)) {
    throw new Refusal(
      `The NATS server at ${monitorUrl} is ${varz.version}; 2.10 or newer is needed.`,
    );
  }
  if (varz.jetstream?.config?.sync_always !== true && !lazyAllowed) {
    throw new Refusal(
      `The NATS server at ${monitorUrl} does not sync every message to disk: please set ` +
        '`sync_interval: always` in its jetstream block, or set ROLLCALL_ALLOW_LAZY_SYNC=1 to accept ' +
        'losses in a power cut.',
    );
  }
  return { url, monitorUrl };
}
