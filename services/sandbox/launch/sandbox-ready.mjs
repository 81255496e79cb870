import { readFileSync } from 'node:fs';
import { request } from 'node:https';

/** Whether the sandbox has written its kubeconfig and its API server answers under the file's CA. */
export async function sandboxIsReady(kubeconfig) {
  const found = serverOf(kubeconfig);
  return found !== undefined && (await answersReady(found));
}

/** The address of the API server in a kubeconfig of our own, which has one cluster. */
export function serverOf(kubeconfig) {
  let text;
  try {
    text = readFileSync(kubeconfig, 'utf8');
  } catch {
    return undefined; // Not written yet.
  }
  const server = /["']?server["']?:\s*["']?(https:\/\/[^\s"',]+)/.exec(text)?.[1];
  const ca = /["']?certificate-authority-data["']?:\s*["']?([\w+/=]+)/.exec(text)?.[1];
  if (server === undefined || ca === undefined) return undefined;
  return { server, ca: Buffer.from(ca, 'base64').toString('utf8') };
}

function answersReady({ server, ca }) {
  return new Promise((resolve) => {
    const asked = request(new URL('/readyz', server), { ca, timeout: 2_000 }, (response) => {
      response.resume();
      // 401 and 403 also come from a server that is up, and only lets nobody ask without a token.
      resolve([200, 401, 403].includes(response.statusCode));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
