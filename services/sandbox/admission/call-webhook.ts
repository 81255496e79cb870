import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { text as readText } from 'node:stream/consumers';

import type { Webhook } from './webhooks.ts';

/** Where services of the cluster are reached: `namespace/name` → an address without path. */
export type ServiceAddresses = Readonly<Record<string, string>>;

/** A webhook could not be asked; the message is Go's, as it ends up in front of people. */
export class WebhookCallError extends Error {
  override readonly name = 'WebhookCallError';
}

type Address = { readonly url: URL; readonly serverName?: string; readonly shown: string };

/** Posts a review to a webhook and returns the text that it answers. */
export async function callWebhook(
  webhook: Webhook,
  services: ServiceAddresses,
  body: string,
): Promise<string> {
  const { url, serverName, shown } = addressOf(webhook, services);
  const { authority } = webhook.client;
  const options = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, */*',
      'user-agent': 'kube-apiserver-admission',
      'content-length': Buffer.byteLength(body),
    },
    signal: AbortSignal.timeout(webhook.timeoutSeconds * 1000),
    ...(authority !== '' && { ca: authority }),
    ...(serverName !== undefined && { servername: serverName }),
  };
  let response: IncomingMessage;
  let text: string;
  try {
    response = await post(url, options, body);
    text = await readText(response);
  } catch (error) {
    throw new WebhookCallError(`Post ${JSON.stringify(shown)}: ${inGo(error, url)}`, {
      cause: error,
    });
  }
  const { statusCode = 0 } = response;
  if (statusCode >= 200 && statusCode < 300) return text;
  throw new WebhookCallError(refusedText(statusCode, text));
}

function refusedText(code: number, text: string): string {
  const said = JSON.stringify(text.trim());
  return code >= 500
    ? `an error on the server (${said}) has prevented the request from succeeding`
    : `the server rejected our request for an unknown reason (${said})`;
}

function post(url: URL, options: RequestOptions, body: string): Promise<IncomingMessage> {
  const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const sent = send(url, options, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

function addressOf(webhook: Webhook, services: ServiceAddresses): Address {
  const { client, timeoutSeconds } = webhook;
  if (client.kind === 'url') {
    const url = withTimeout(new URL(client.url), timeoutSeconds);
    if (url.protocol !== 'https:') throw new WebhookCallError('webhook URL scheme must be https');
    return { url, shown: url.href };
  }
  const { namespace, name, port, path } = client;
  const base = services[`${namespace}/${name}`];
  if (base === undefined) throw new WebhookCallError(`service ${JSON.stringify(name)} not found`);
  const serverName = `${name}.${namespace}.svc`;
  const url = withTimeout(new URL(path === '' ? '/' : path, base), timeoutSeconds);
  const shown = `https://${serverName}:${port}${url.pathname}${url.search}`;
  return { url, serverName, shown };
}

function withTimeout(url: URL, seconds: number): URL {
  url.searchParams.set('timeout', `${seconds}s`);
  return url;
}

/** What Go says of a connection that does not come about. */
function inGo(error: unknown, { hostname, port }: URL): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError' || error.name === 'AbortError') {
    return 'context deadline exceeded';
  }
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') return `dial tcp ${hostname}:${port}: connect: connection refused`;
  if (code === 'ECONNRESET') return 'EOF';
  if (typeof code === 'string' && /CERT|SIGNATURE|ISSUER/.test(code)) {
    return `tls: failed to verify certificate: x509: ${error.message}`;
  }
  return error.message;
}
