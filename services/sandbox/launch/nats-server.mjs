import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes the configuration of a NATS server and answers how it is run. `sync: always` means that an
 * acknowledged message has reached the disk; without it a power cut may lose what services already
 * acted on.
 */
export function natsCommand({ binary, folder, port, monitorPort, password, syncAlways = true }) {
  mkdirSync(join(folder, 'store'), { recursive: true });
  const config = join(folder, 'nats.conf');
  const lines = [
    `listen: "127.0.0.1:${port}"`,
    `http: "127.0.0.1:${monitorPort}"`,
    'server_name: rollcall',
    'jetstream {',
    `  store_dir: ${JSON.stringify(join(folder, 'store'))}`,
    ...(syncAlways ? ['  sync_interval: always'] : []),
    '}',
    'authorization {',
    '  user: rollcall',
    `  password: "${password}"`,
    '}',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  return { file: binary.file, args: ['-c', config], cwd: folder };
}

export function natsUrl({ password, port }) {
  return `nats://rollcall:${password}@127.0.0.1:${port}`;
}

export async function natsIsReady(monitorUrl) {
  return (await answerOf(`${monitorUrl}/healthz`))?.status === 'ok';
}

/** The JSON at an address, or undefined when nothing useful answers within two seconds. */
export async function answerOf(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return await response.json();
  } catch {
    return undefined;
  }
}
