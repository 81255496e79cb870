import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { shownPath } from './paths.mjs';
import { Refusal } from './say.mjs';

/** The cluster that a run is for: the sandbox, or a server out of a kubeconfig file. */
export async function targetOf({ kubeconfig, context }) {
  if (kubeconfig === undefined) return { kind: 'sandbox' };
  const config = await parseKubeconfig(kubeconfig);
  const name = context ?? config['current-context'];
  const chosen = namedIn(config.contexts, name)?.context;
  const cluster = namedIn(config.clusters, chosen?.cluster)?.cluster;
  if (chosen === undefined || cluster?.server === undefined) {
    const known = (config.contexts ?? []).map((entry) => entry.name).join(', ');
    throw new Refusal(
      `${kubeconfig} has no usable context "${name ?? ''}"; it has: ${known === '' ? 'none' : known}.`,
    );
  }
  return { kind: 'cluster', server: cluster.server, context: name };
}

/**
 * One data folder holds the book of one cluster. The mode is not kept here: a start that does not say
 * it never inherits the right to change things.
 */
export function claimFolder(paths, target) {
  const known = existsSync(paths.target)
    ? JSON.parse(readFileSync(paths.target, 'utf8'))
    : undefined;
  if (known !== undefined && describe(known) !== describe(target)) {
    const folder = shownPath(paths.home);
    throw new Refusal(
      `${folder} holds the data of ${describe(known)}, and this start is for ${describe(target)}; ` +
        `please use another folder (ROLLCALL_HOME), or remove these data with \`npm run reset\`.`,
    );
  }
  writeFileSync(paths.target, `${JSON.stringify(target, null, 2)}\n`);
}

export function describe(target) {
  return target.kind === 'sandbox' ? 'the sandbox' : `the cluster at ${target.server}`;
}

async function parseKubeconfig(file) {
  const { parse } = await import('yaml');
  try {
    const config = parse(readFileSync(file, 'utf8'));
    if (typeof config === 'object' && config !== null) return config;
  } catch {
    // Said below: a parser's words could repeat parts of the file, which holds keys.
  }
  throw new Refusal(`${file} cannot be read as a kubeconfig file.`);
}

function namedIn(entries, name) {
  return (Array.isArray(entries) ? entries : []).find((entry) => entry.name === name);
}
