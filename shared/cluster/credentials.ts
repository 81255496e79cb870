import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { KubeConfig, loadYaml } from '@kubernetes/client-node';
import { isRecord } from '#shared/lib/canonical.ts';
import { RefusalError } from '#shared/process/refusal.ts';

export type CredentialSource = { readonly kubeconfig: string; readonly context?: string };

/** Where the API server is, and what proves who we are. */
export type Credentials = {
  readonly server: string;
  readonly tls: TlsMaterial;
  readonly headers: Readonly<Record<string, string>>;
};

type TlsMaterial = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> & {
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
};

/**
 * Reads a kubeconfig with everything it names: certificates, token files, the answer of an exec plugin.
 * Reading again is how rotated ones are picked up. Throws with the file's name when it cannot be used.
 */
export async function loadCredentials(source: CredentialSource): Promise<Credentials> {
  const { config, text } = await readConfig(source);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new RefusalError(
      `the kubeconfig ${source.kubeconfig} has no cluster for the context "${config.getCurrentContext()}"`,
    );
  }
  if (cluster.proxyUrl !== undefined && cluster.proxyUrl !== null) {
    throw new RefusalError(`the kubeconfig ${source.kubeconfig} names a proxy; none is supported`);
  }
  if (actsAsAnother(text, config.getCurrentUser()?.name)) {
    throw new RefusalError(
      `the kubeconfig ${source.kubeconfig} has a user who acts as another (as:); that is not supported, and going on would use his own rights instead`,
    );
  }
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  return { server: cluster.server, tls: tlsOf(options), headers: headersOf(options) };
}

type ReadConfig = { readonly config: KubeConfig; readonly text: string };

async function readConfig(source: CredentialSource): Promise<ReadConfig> {
  const config = new KubeConfig();
  let text: string;
  try {
    text = await readFile(source.kubeconfig, 'utf8');
    // client-node 2.0.1 knows the field only under a spelling that no kubeconfig has.
    config.loadFromString(text.replaceAll(/(["']?)\btokenFile\1(\s*:)/g, '$1token-file$1$2'));
  } catch (error) {
    throw new RefusalError(`the kubeconfig ${source.kubeconfig} cannot be read`, { cause: error });
  }
  config.makePathsAbsolute(dirname(resolve(source.kubeconfig)));
  if (source.context !== undefined) config.setCurrentContext(source.context);
  return { config, text };
}

/** Impersonation, which client-node passes over without a word. */
function actsAsAnother(text: string, user: string | undefined): boolean {
  const file = loadYaml<unknown>(text);
  const users = isRecord(file) && Array.isArray(file['users']) ? file['users'] : [];
  const entry: unknown = users.find((one) => isRecord(one) && one['name'] === user);
  const known = isRecord(entry) ? entry['user'] : undefined;
  return (
    isRecord(known) && ['as', 'as-uid', 'as-groups'].some((field) => known[field] !== undefined)
  );
}

function tlsOf(options: RequestOptions): TlsMaterial {
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}

function headersOf(options: RequestOptions): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file ends in a newline, which no header may hold.
    if (value !== undefined) headers[name.toLowerCase()] = String(value).trim();
  }
  return headers;
}
