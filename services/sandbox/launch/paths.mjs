import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export const repo = realpathSync(fileURLToPath(new URL('../../..', import.meta.url)));

/**
 * Where a run keeps its things. `ROLLCALL_HOME` names the data folder, `ROLLCALL_BIN` the folder of the
 * programs that were fetched, so that several runs can share them.
 */
export function pathsOf(env, defaultHome = '.rollcall') {
  const home = resolve(repo, env.ROLLCALL_HOME || defaultHome);
  return {
    home,
    bin: env.ROLLCALL_BIN ? resolve(repo, env.ROLLCALL_BIN) : join(home, 'bin'),
    log: join(home, 'log'),
    run: join(home, 'run'),
    secrets: join(home, 'secrets'),
    nats: join(home, 'nats'),
    postgres: join(home, 'postgres'),
    sandbox: join(home, 'sandbox'),
    kubeconfig: join(home, 'kubeconfig'),
    cli: join(home, 'cli.json'),
    token: join(home, 'token'),
    ports: join(home, 'ports.json'),
    target: join(home, 'target.json'),
  };
}

/** A path as a person in the repo's folder would write it. */
export function shownPath(path) {
  const short = relative(repo, path);
  return short.startsWith('..') ? path : short;
}

/**
 * Makes the folders of a run. Others may pass through the home folder, because Postgres runs as another
 * user where the launcher is root, but they may list nothing and enter only what that user owns.
 */
export function makeFolders(paths) {
  for (const folder of [paths.home, paths.bin]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, folder === paths.home ? 0o711 : 0o755);
  }
  for (const folder of [paths.log, paths.run, paths.secrets, paths.nats, paths.sandbox]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o700);
  }
}
