import { delimiter, dirname, join } from 'node:path';
import { repo } from './paths.mjs';

/** What chooses a server, a database, a cluster or a right; tuning of services may pass. */
const dropped = [
  /^(KUBECONFIG|DATABASE_URL(_FILE)?|INIT_CWD)$/,
  /^(NATS_|PG[A-Z]+$|npm_)/,
  /^ROLLCALL_(MODE|KUBEVIRT_CONTROLLERS|KUBECONFIG|KUBE_CONTEXT|DIGEST_KEY_FILE|DB_.*|GATEWAY_.*|AUDIT_.*|SANDBOX_AUDIT_.*|PROCESS)$/,
];

/**
 * The shell's environment without anything that could point a process at something that the launcher
 * did not choose, or give it rights that the command line did not.
 */
export function cleanEnvironment(env) {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !dropped.some((pattern) => pattern.test(name))),
  );
}

/**
 * What programs get that run on the pinned Node. It is first on PATH, so that `#!/usr/bin/env node` means
 * it too. What it has compiled stays beside the packages, for that halves the time in which a program is
 * there; where nothing can be written, Node goes without.
 */
export function forPinnedNode(env, node) {
  return {
    NODE_COMPILE_CACHE: join(repo, 'node_modules', '.cache', 'compiled'),
    ...env,
    PATH: `${dirname(node)}${delimiter}${env.PATH ?? ''}`,
  };
}
